// The list of schedules: searched, narrowed down, and acted on.

import { can, get, live, path, post, query } from './api.js';
import { h, link, swap } from './dom.js';
import { tagsText } from './format.js';
import { act, askFirst, badge, button, empty, stamp, table } from './pieces.js';
import { t } from './words.js';

const STATES = ['', 'active', 'paused', 'ended', 'broken'];
const PAGE = 50;

export async function showSchedules({ root, signal, query: asked }) {
  const wanted = Object.fromEntries(['search', 'owner', 'tag', 'state'].map((name) => [name, asked.get(name) || '']));
  const list = h('div', {});
  const more = h('div', { class: 'row' });
  let items = [];
  let cursor = null;
  let shown = '';
  const show = () => {
    swap(list, items.length ? scheduleTable(items, again) : empty(cursor ? t('search_on') : t('no_schedules')));
    swap(more, cursor ? button(t('more'), () => act(nextPage, null, '')) : null);
  };
  const read = (after) => get(query('/v1/schedules', { ...wanted, limit: PAGE, cursor: after }), signal);
  const again = async (each) => {
    Object.assign(each, await get(path('schedules', each.schedule_id), signal));
    show();
  };
  async function refresh() {
    if (items.length > PAGE) return false;
    const page = await read(null);
    const text = JSON.stringify(page.items);
    if (text === shown) return false;
    ({ items, next_cursor: cursor } = page);
    shown = text;
    show();
    return true;
  }
  async function nextPage() {
    const page = await read(cursor);
    items = items.concat(page.items);
    cursor = page.next_cursor;
    show();
  }
  root.replaceChildren(filters(wanted), list, more);
  await live(signal, refresh, { least: 4, most: 60 });
}

function filters(wanted) {
  const inputs = {
    search: h('input', { id: 'search', type: 'search', value: wanted.search, maxlength: '64', placeholder: t('search_hint') }),
    owner: h('input', { id: 'owner', value: wanted.owner }),
    tag: h('input', { id: 'tag', value: wanted.tag, placeholder: 'team=data' }),
    state: h('select', { id: 'state' }, STATES.map((each) => h('option', { value: each, selected: each === wanted.state }, each ? t(`state_${each}`) : t('any')))),
  };
  const submit = (event) => {
    event.preventDefault();
    const given = Object.entries(inputs).map(([name, input]) => [name, input.value.trim()]).filter(([, value]) => value);
    location.hash = `#/schedules?${new URLSearchParams(given)}`;
  };
  const labelled = (name) => h('div', { class: 'field' }, h('label', { for: inputs[name].id }, t(name)), inputs[name]);
  return h('form', { class: 'panel filters', role: 'search', on: { submit } }, Object.keys(inputs).map(labelled),
    h('button', { type: 'submit' }, t('search')),
    can('schedules', 'create') && h('a', { class: 'button primary', href: link('new') }, t('page_new')));
}

function scheduleTable(items, again) {
  const heads = [t('schedule'), t('state'), `~${t('expression')}`, t('next'), `~${t('owner')}`, `~${t('tags')}`, t('actions')];
  return table(t('page_schedules'), heads, items.map((each) => [
    h('a', { href: link('schedules', each.schedule_id) }, each.schedule_id), badge(each.state),
    h('code', {}, timing(each.timetable)), stamp(each.next_fire_at), each.owner, tagsText(each.tags),
    h('div', { class: 'row' }, actions(each, () => again(each))),
  ]));
}

/** The rhythm of a schedule in one line: its expression, or whom it follows. */
export function timing(timetable) {
  if (timetable.after) return `${t('after')} ${timetable.after.schedule_id}`;
  return `${timetable.expression} ${timetable.zone === 'UTC' ? '' : timetable.zone}`.trim();
}

/** Goes to the run that an answer tells of. */
export const went = ({ body }) => { if (body && body.run_id) location.hash = link('runs', body.run_id); };

/** The common actions on a schedule, each if its user may do it somewhere. */
export function actions(schedule, done) {
  const id = schedule.schedule_id;
  const call = (verb, body) => act(() => post(path('schedules', id, verb), body), done);
  const named = (label, work) => { const made = button(label, work); made.dataset.key = `${id}-${label}`; made.setAttribute('aria-label', `${label}: ${id}`); return made; };
  return [
    can('schedules', 'trigger') && named(t('run_now'), () => act(() => post(path('schedules', id, 'trigger')), went)),
    schedule.state === 'active' && can('schedules', 'pause') && named(t('pause'), () => askFirst(t('pause'), t('pause_text', { id }), () => call('pause'))),
    schedule.state === 'paused' && can('schedules', 'resume') && named(t('resume'), () => call('resume')),
  ];
}
