// The pieces that pages are made of: badges, tables, dialogs, notices, fields, and the way every action is done.

import { Problem, ask, path } from './api.js';
import { h } from './dom.js';
import { moment, relative, stateWord } from './format.js';
import { t } from './words.js';

export const badge = (state) => h('span', { class: `badge ${String(state).toLowerCase()}` }, stateWord(state));
export const stamp = (text) => (text ? h('time', { datetime: text, title: moment(text) }, relative(text)) : '–');
export const panel = (title, ...children) => h('section', { class: 'panel' }, title && h('h2', {}, title), ...children);
export const empty = (text) => h('p', { class: 'quiet' }, text);
export const pre = (text, label) => h('pre', { tabindex: '0', role: 'region', 'aria-label': label }, text);

/** Fire times as the wall clock shows them, each with what changes it. */
export const fireTimes = (items) => h('ol', {}, items.map((each) => h('li', { class: each.skipped ? 'skipped' : null },
  h('time', { datetime: each.at, title: moment(each.at) }, each.local.replace(/T|(?=[+-]\d\d:\d\d$)/g, ' ')), ' ', h('span', { class: 'quiet' }, each.note || ''))));

export function button(label, act, kind = '') {
  return h('button', { type: 'button', class: kind, 'data-key': label, on: { click: act } }, label);
}

/** Facts as a list of names and values. */
export function facts(pairs) {
  return h('dl', { class: 'facts' }, pairs.filter(Boolean).map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value ?? '–'))));
}

/** A table; a head that begins with ~ is left out on narrow screens. */
export function table(caption, heads, rows) {
  const isWide = heads.map((head) => head.startsWith('~'));
  const cell = (tag, content, index) => h(tag, { class: isWide[index] ? 'wide' : null, scope: tag === 'th' ? 'col' : null }, content);
  return h('table', {}, h('caption', { class: 'sr' }, caption),
    h('thead', {}, h('tr', {}, heads.map((head, index) => cell('th', head.replace('~', ''), index)))),
    h('tbody', {}, rows.map((row) => h('tr', {}, row.map((content, index) => cell('td', content, index))))));
}

export function say(text, kind = '') {
  const note = h('p', { class: `toast ${kind}` }, text);
  // What lies outside an open dialog is dimmed.
  ((kind === 'bad' && document.querySelector('dialog[open]')) || document.getElementById('toasts')).append(note);
  setTimeout(() => note.remove(), kind === 'bad' ? 12000 : 5000);
}

export function problemBox(error) {
  const lines = (error.errors || []).map((each) => h('li', {}, h('code', {}, each.field), ' ', each.message));
  return h('div', { class: 'notice bad', role: 'alert' }, h('p', {}, error.message), lines.length ? h('ul', {}, lines) : null,
    error.requestId ? h('p', { class: 'quiet' }, `${error.code} · ${t('request')} ${error.requestId}`) : null);
}

/** A modal dialog; Esc closes it, and the keyboard goes back where it was. */
export function openDialog(title, body, buttons = []) {
  const before = document.activeElement;
  const box = h('dialog', { 'aria-labelledby': 'dialog-title' });
  const close = () => box.close();
  box.append(h('h2', { id: 'dialog-title' }, title), ...[body].flat(),
    h('div', { class: 'row end' }, button(t('close'), close), ...buttons));
  box.addEventListener('close', () => { box.remove(); if (before && before.isConnected) before.focus(); });
  document.body.append(box);
  box.showModal();
  return close;
}

/** Asks for a yes, and perhaps a line of text, before something happens. */
export function askFirst(title, text, act, { note, kind = 'danger' } = {}) {
  const input = note ? h('input', { id: 'dialog-note', maxlength: '300', autocomplete: 'off' }) : null;
  const close = openDialog(title, [h('p', {}, text), note && h('label', { for: 'dialog-note' }, note), input].filter(Boolean),
    [button(title, () => { close(); act(input ? input.value : undefined); }, kind)]);
}

/** A button that deletes what was read as this version, once somebody has said yes. */
export function deleteButton(name, address, version, done) {
  return button(t('delete'), () => askFirst(t('delete'), name, () => act(() => ask('DELETE', address, { etag: `"${version}"` }), done)), 'danger');
}

/** Does something once, tells how it went, and asks for a code where the API wants one. */
export async function act(work, done, told = t('done')) {
  document.querySelectorAll('.toast.bad').forEach((each) => each.remove());
  try {
    const answer = await work();
    if (answer && answer.status === 202 && answer.body && answer.body.confirmation) return confirmWith(answer.body.confirmation, done);
    if (told) say(told, 'good');
    if (done) await done(answer);
  } catch (error) {
    if (error.name === 'AbortError') return undefined;
    say(error.message, 'bad');
    for (const each of error.errors || []) say(`${each.field}: ${each.message}`, 'bad');
    if (!(error instanceof Problem)) throw error;
  }
  return undefined;
}

/** What an input proves: a code of the app, or one of the longer recovery codes. */
export function proof({ value }) {
  const text = value.trim();
  return text.length > 9 ? { recovery_code: text } : { code: text };
}

/** The dialog in which a sensitive operation is confirmed by a one-time code. */
export function confirmWith(pending, done) {
  const code = h('input', { id: 'code', inputmode: 'numeric', autocomplete: 'one-time-code', maxlength: '24', spellcheck: 'false' });
  const fault = h('div', { 'aria-live': 'polite' });
  const send = async () => {
    try {
      const answer = await ask('POST', path('confirmations', pending.confirmation_id), { body: proof(code) });
      close();
      say(t('confirmed'), 'good');
      if (done) await done(answer);
    } catch (error) {
      fault.replaceChildren(problemBox(error));
      code.select();
    }
  };
  code.addEventListener('keydown', (event) => { if (event.key === 'Enter') send(); });
  const what = [pending.sentence || pending.operation, pending.reason].filter(Boolean).join(' ');
  const close = openDialog(t('confirm_title'), [h('p', {}, t('confirm_text')), what && h('p', {}, h('strong', {}, what)),
    h('label', { for: 'code' }, t('code')), code, fault].filter(Boolean), [button(t('confirm'), send, 'primary')]);
  code.focus();
  return undefined;
}

/** A labelled input; `name` is the path under which the API speaks of it. */
export function field(name, label, props = {}, hint = '') {
  const id = `f-${name.replaceAll('.', '-')}`;
  const { tag = 'input', options, ...rest } = props;
  const control = h(tag, { id, name, 'aria-describedby': `${id}-hint ${id}-fault`, ...rest },
    options ? options.map(([value, word]) => h('option', { value, selected: value === props.value }, word)) : []);
  if (tag === 'textarea') { control.removeAttribute('value'); control.value = props.value || ''; }
  const isTick = props.type === 'checkbox';
  return h('div', { class: isTick ? 'field tick' : 'field', 'data-field': name }, h('label', { for: id }, label), control,
    h('p', { class: 'hint', id: `${id}-hint` }, hint), h('p', { class: 'fault', id: `${id}-fault`, role: 'status' }));
}

/** Shows each fault at its field; those that have none come back. */
export function showFaults(form, errors, prefix = '') {
  const homes = [...form.querySelectorAll('[data-field]')];
  for (const home of homes.filter((each) => each.dataset.field.startsWith(prefix))) mark(home, '');
  return errors.filter((error) => {
    const name = prefix + error.field;
    const home = homes.find((each) => each.dataset.field === name)
      || homes.find((each) => name.startsWith(`${each.dataset.field}.`));
    if (home) mark(home, error.message);
    return !home;
  });
}

function mark(home, message) {
  const control = home.querySelector('input, select, textarea');
  home.querySelector('.fault').textContent = message;
  if (message) control.setAttribute('aria-invalid', 'true');
  else control.removeAttribute('aria-invalid');
}

/** A list that shows one page, and the next on demand; `read` answers {items, next_cursor}. */
export function pagedTable(caption, heads, read, row, none) {
  const body = h('div', {});
  const more = h('div', { class: 'row' });
  let items = [];
  async function load(cursor) {
    const page = await read(cursor);
    items = cursor ? items.concat(page.items) : page.items;
    body.replaceChildren(items.length ? table(caption, heads, items.map(row)) : empty(page.next_cursor ? t('search_on') : none));
    more.replaceChildren(...(page.next_cursor ? [button(t('more'), () => act(() => load(page.next_cursor), null, ''))] : []));
  }
  return { node: h('div', {}, body, more), load };
}
