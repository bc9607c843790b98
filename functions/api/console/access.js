// Users, roles and the audit log.

import { ask, can, get, path, post, query } from './api.js';
import { h, link } from './dom.js';
import { moment, pretty } from './format.js';
import { act, askFirst, badge, button, deleteButton, field, openDialog, pagedTable, pre } from './pieces.js';
import { send } from './account.js';
import { t } from './words.js';

export const words = (text) => text.split(',').map((each) => each.trim()).filter(Boolean);

export async function showUsers({ root, signal }) {
  const refresh = () => list.load();
  const row = (each) => [each.user, t(`kind_${each.kind}`), badge(each.enabled ? 'enabled' : 'disabled'), each.roles.join(', '), each.description, userActions(each, refresh)];
  const list = pagedTable(t('page_users'), [t('user'), `~${t('kind')}`, t('state'), t('page_roles'), `~${t('description')}`, t('actions')],
    (cursor) => get(query('/v1/users', { limit: 50, cursor }), signal), row, t('nothing'));
  root.replaceChildren(can('users', 'create') ? button(t('new_user'), () => editUser(null, refresh), 'primary') : '', list.node);
  await list.load();
}

function userActions(user, refresh) {
  const at = (...more) => path('users', user.user, ...more);
  const secret = (work) => act(work, (answer) => { showSecret(answer.body); return refresh(); });
  return h('div', { class: 'row' },
    can('users', 'edit') && [button(t('edit'), () => editUser(user, refresh)),
      user.kind === 'person' && button(t('new_password'), () => askFirst(t('new_password'), user.user, () => secret(() => post(at('password'))))),
      user.kind !== 'service' && button(t('reset_factor'), () => askFirst(t('reset_factor'), user.user, () => act(() => ask('DELETE', at('totp')), refresh))),
      user.kind === 'service' && button(t('new_key'), () => secret(() => post(at('keys')))),
      user.keys.map((key) => button(`${t('delete_key')} ${key.key_id}`, () => act(() => ask('DELETE', at('keys', key.key_id)), refresh)))],
    can('users', 'delete') && deleteButton(user.user, at(), user.version, refresh));
}

function showSecret(body) {
  const secret = body && (body.password || body.key);
  if (secret) openDialog(t('shown_once'), [h('p', {}, t('shown_once_text')), h('pre', { tabindex: '0' }, secret)]);
}

function editUser(user, refresh) {
  const form = h('form', { on: { submit: (event) => event.preventDefault() } },
    user ? '' : [field('user', t('user'), { maxlength: '133' }), field('kind', t('kind'), { tag: 'select', value: 'person', options: ['person', 'service', 'external'].map((each) => [each, t(`kind_${each}`)]) })],
    field('description', t('description'), { value: user ? user.description : '', maxlength: '256' }),
    field('roles', t('page_roles'), { value: user ? user.roles.join(', ') : '' }, t('list_hint')),
    user ? field('enabled', t('state_enabled'), { type: 'checkbox', checked: user.enabled }) : '');
  const value = (name) => form.elements[name].value.trim();
  const save = () => send(form, () => {
    const body = { description: value('description'), roles: words(value('roles')) };
    if (user) return ask('PUT', path('users', user.user), { body: { ...body, enabled: form.elements.enabled.checked }, etag: `"${user.version}"` });
    return post('/v1/users', { ...body, user: value('user'), kind: value('kind') });
  }, (answer) => { close(); if (!user) showSecret(answer.body); return refresh(); });
  const close = openDialog(user ? user.user : t('new_user'), form, [button(t('save'), save, 'primary')]);
}

export async function showRoles({ root, signal }) {
  const refresh = () => list.load();
  const shown = (role) => role.permissions.map((each) => h('div', {}, h('strong', {}, each.resource), ` ${each.actions.join(', ')} – ${each.scope}`));
  const row = (role) => [role.role, h('div', {}, role.description), shown(role), role.inherits.join(', '), role.built_in ? t('built_in') : h('div', { class: 'row' },
    can('roles', 'edit') && button(t('edit'), () => editJson(role.role, strip(role), (body) => ask('PUT', path('roles', role.role), { body, etag: `"${role.version}"` }), refresh)),
    can('roles', 'delete') && deleteButton(role.role, path('roles', role.role), role.version, refresh))];
  const list = pagedTable(t('page_roles'), [t('role'), `~${t('description')}`, t('permissions'), `~${t('inherits')}`, t('actions')], () => get('/v1/roles', signal), row, t('nothing'));
  const start = { role: '', description: '', permissions: [{ resource: 'schedules', actions: ['read'], scope: 'tag:team=data' }], inherits: [] };
  root.replaceChildren(can('roles', 'create') ? button(t('new_role'), () => editJson(t('new_role'), start, (body) => post('/v1/roles', body), refresh), 'primary') : '', list.node);
  await list.load();
}

const strip = ({ role, description, permissions, inherits }) => ({ role, description, permissions, inherits });

/** A dialog for a document that is written as JSON. */
export function editJson(title, document, work, done, word = t('save')) {
  const form = h('form', { on: { submit: (event) => event.preventDefault() } }, field('document', t('document'), { tag: 'textarea', rows: '16', class: 'code', spellcheck: 'false', value: pretty(document) }));
  const save = () => send(form, () => work(JSON.parse(form.elements.document.value)), (answer) => { close(); return done(answer); });
  const close = openDialog(title, form, [button(word, save, 'primary')]);
}

export async function showAudit({ root, signal, query: asked }) {
  const wanted = Object.fromEntries(['actor', 'object', 'from', 'to'].map((name) => [name, asked.get(name) || '']));
  const hints = { actor: 'admin', object: 'schedule:nightly-etl', from: '2026-12-01T00:00:00Z' };
  const inputs = Object.keys(wanted).map((name) => h('input', { id: name === 'actor' ? 'search' : name, name, value: wanted[name], placeholder: hints[name] }));
  const submit = (event) => {
    event.preventDefault();
    location.hash = `#/audit?${new URLSearchParams(inputs.map((each) => [each.name, each.value.trim()]).filter(([, value]) => value))}`;
  };
  const details = (each) => openDialog(each.action, [h('p', {}, `${moment(each.at)} · ${each.actor} · ${each.object} · ${each.source || ''}`), pre(pretty({ before: each.before, after: each.after, details: each.details }), t('changes'))]);
  const row = (each) => [h('time', { datetime: each.at }, moment(each.at)), h('a', { href: `${link('audit')}?actor=${encodeURIComponent(each.actor)}` }, each.actor), each.action, h('a', { href: `${link('audit')}?object=${encodeURIComponent(each.object)}` }, each.object),
    badge(each.outcome), each.confirmed_by || '', button(t('details'), () => details(each))];
  const list = pagedTable(t('page_audit'), [t('when'), t('actor'), t('action'), t('object'), `~${t('outcome')}`, `~${t('confirmed_by')}`, t('details')],
    (cursor) => get(query('/v1/audit', { ...wanted, limit: 50, cursor }), signal), row, t('nothing'));
  root.replaceChildren(h('form', { class: 'panel filters', role: 'search', on: { submit } }, inputs.map((each) => h('div', { class: 'field' }, h('label', { for: each.id }, t(each.name)), each)), h('button', { type: 'submit' }, t('search'))), list.node);
  await list.load();
}
