// Calendars, and messages that could not be delivered.

import { ask, can, get, path, post, query } from './api.js';
import { h } from './dom.js';
import { moment } from './format.js';
import { act, button, deleteButton, pagedTable, stamp } from './pieces.js';
import { editJson } from './access.js';
import { t } from './words.js';

export async function showCalendars({ root, signal }) {
  const refresh = () => list.load();
  const plain = ({ name, description, zone, dates, ranges, weekdays }) => ({ name, description, zone, dates, ranges, weekdays });
  const days = (each) => [...each.weekdays, ...each.dates.slice(0, 6), ...each.ranges.slice(0, 4).map((range) => `${range.from} – ${range.to}`)].join(', ');
  const row = (each) => [each.name, each.description, each.zone || '', days(each), h('div', { class: 'row' },
    can('calendars', 'edit') && button(t('edit'), () => editJson(each.name, plain(each), (body) => ask('PUT', path('calendars', each.name), { body, etag: `"${each.version}"` }), refresh)),
    can('calendars', 'delete') && deleteButton(each.name, path('calendars', each.name), each.version, refresh))];
  const list = pagedTable(t('page_calendars'), [t('calendar'), `~${t('description')}`, `~${t('zone')}`, t('days'), t('actions')],
    (cursor) => get(query('/v1/calendars', { limit: 50, cursor }), signal), row, t('nothing'));
  const start = { name: '', description: '', zone: null, dates: [`${new Date().getFullYear()}-12-25`], ranges: [], weekdays: [] };
  root.replaceChildren(can('calendars', 'create') ? button(t('new_calendar'), () => editJson(t('new_calendar'), start, (body) => post('/v1/calendars', body), refresh), 'primary') : '', list.node);
  await list.load();
}

export async function showLetters({ root, signal }) {
  const again = (each) => act(() => post(path('dead-letters', each.message_id, 'redrive')), () => list.load());
  const row = (each) => [stamp(each.kept_at), each.reason, h('code', {}, each.body), each.redriven_at ? `${t('sent_again')} ${moment(each.redriven_at)} ${each.redriven_by || ''}` : can('dead-letters', 'redrive') && button(t('send_again'), () => again(each))];
  const list = pagedTable(t('page_dead-letters'), [t('when'), t('reason'), `~${t('message')}`, t('actions')],
    (cursor) => get(query('/v1/dead-letters', { limit: 50, cursor }), signal), row, t('no_letters'));
  root.replaceChildren(list.node);
  await list.load();
}
