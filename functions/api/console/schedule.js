// One schedule: how it stands, its history, what comes next, its definition and how that changed.

import { ask, can, get, live, path, post, query } from './api.js';
import { editJson } from './access.js';
import { showDiff } from './diff.js';
import { h, link, swap } from './dom.js';
import { failures, history } from './draw.js';
import { count, duration, moment, pretty, tagsText } from './format.js';
import { act, askFirst, badge, button, empty, facts, fireTimes, openDialog, panel, pre, stamp, table } from './pieces.js';
import { actions, timing, went } from './schedules.js';
import { t } from './words.js';

const PAGE = 50;

export async function showSchedule({ root, parts: [id], signal }) {
  const parts = { head: h('div', {}), runs: h('div', {}), next: h('div', {}) };
  const older = { items: [], cursor: undefined };
  let shown = '';
  let etag = null;
  let heard = null;
  const read = async () => {
    const [schedule, runs] = await Promise.all([
      ask('GET', query(path('schedules', id), { include: 'stats' }), { signal }),
      can('runs', 'read') ? get(query(path('schedules', id, 'runs'), { limit: PAGE }), signal) : null]);
    const text = JSON.stringify([schedule.body, runs]);
    if (text === shown) return false;
    shown = text;
    etag = schedule.etag;
    showHead(parts.head, schedule.body, read, () => etag);
    if (runs) showRuns(parts.runs, id, runs, older, signal);
    if (heard !== schedule.body.next_fire_at + schedule.body.head_version) {
      heard = schedule.body.next_fire_at + schedule.body.head_version;
      showNext(parts.next, await get(query(path('schedules', id, 'upcoming'), { count: 8 }), signal));
    }
    definition.replaceChildren(pre(pretty(definitionOf(schedule.body)), t('definition')));
    return true;
  };
  const definition = h('div', {});
  root.replaceChildren(parts.head, parts.runs, h('div', { class: 'columns' }, parts.next,
    panel('', h('details', {}, h('summary', {}, t('definition')), definition), onDemand(t('revisions'), () => revisions(id, signal)),
      onDemand(t('backfills'), () => backfills(id, signal)))));
  await live(signal, read, { least: 2, most: 30 });
}

const definitionOf = (schedule) => Object.fromEntries(['timetable', 'policies', 'job', 'alerts'].map((name) => [name, schedule[name]]));

/** A part that is read when it is opened for the first time. */
export function onDemand(title, read) {
  const body = h('div', {});
  const box = h('details', {}, h('summary', {}, title), body);
  box.addEventListener('toggle', () => { if (box.open && !body.hasChildNodes()) act(async () => body.replaceChildren(await read()), null, ''); });
  return box;
}

function showHead(node, schedule, refresh, etag) {
  const id = schedule.schedule_id;
  const remove = () => askFirst(t('delete'), t('delete_text', { id }), () => act(() => ask('DELETE', path('schedules', id), { etag: etag() }), () => { location.hash = link('schedules'); }));
  const skipNext = () => act(() => post(path('schedules', id, 'skip-next'), { count: schedule.skip_next + 1 }), refresh);
  const runWith = () => editJson(t('run_with'), {}, (payload) => post(path('schedules', id, 'trigger'), { payload }), went, t('run_now'));
  const counters = schedule.counters || {};
  const last = schedule.last_run;
  swap(node, h('section', { class: 'panel' },
    h('div', { class: 'row' }, badge(schedule.state), schedule.state_reason && h('span', {}, schedule.state_reason), schedule.sensitive && h('span', { class: 'badge' }, t('sensitive')), actions(schedule, refresh),
      can('schedules', 'trigger') && button(t('run_with'), runWith),
      schedule.state === 'active' && can('schedules', 'skip') && button(t('skip_next'), skipNext),
      can('schedules', 'edit') && h('a', { class: 'button', href: link('edit', id) }, t('edit')),
      can('schedules', 'delete') && button(t('delete'), remove, 'danger')),
    schedule.description ? h('p', {}, schedule.description) : null,
    facts([[t('expression'), h('code', {}, timing(schedule.timetable))], [t('next'), stamp(schedule.next_fire_at)], [t('last_run'), last ? h('a', { href: link('runs', last.run_id) }, badge(last.state), ' ', stamp(last.ended_at)) : '–'],
      [t('owner'), schedule.owner], [t('tags'), tagsText(schedule.tags) || '–'], [t('revision'), `${schedule.revision}`], schedule.paused_until && [t('paused_until'), moment(schedule.paused_until)],
      schedule.skip_next ? [t('skip_next'), `${schedule.skip_next}`] : null, schedule.runs_left === null ? null : [t('runs_left'), `${schedule.runs_left}`],
      [t('succeeded_day'), count(counters.succeeded)], [t('failures_day'), count(failures(counters))],
      [t('average_lateness'), duration(counters.average_lateness_ms)], [t('average_duration'), duration(counters.average_duration_ms)]])));
}

function showRuns(node, id, page, older, signal) {
  if (older.cursor === undefined) older.cursor = page.next_cursor;
  const runs = [...page.items, ...older.items];
  const next = async () => {
    const more = await get(query(path('schedules', id, 'runs'), { limit: PAGE, cursor: older.cursor }), signal);
    older.items.push(...more.items);
    older.cursor = more.next_cursor;
    showRuns(node, id, page, older, signal);
  };
  const row = (run) => [h('a', { href: link('runs', run.run_id) }, run.run_id.slice(id.length + 1)), badge(run.state), stamp(run.fire_at), `${run.attempt}`, duration(run.duration_ms), duration(run.lateness_ms), run.reason || ''];
  const heads = [t('run'), t('state'), t('fire_time'), `~${t('attempts')}`, `~${t('duration')}`, `~${t('lateness')}`, `~${t('reason')}`];
  // What is claimed ahead would push everything else out of sight.
  const ahead = runs.filter((run) => run.state === 'QUEUED' && new Date(run.fire_at) > Date.now());
  const hidden = new Set(ahead.slice(0, -3));
  const begun = runs.filter((run) => !ahead.includes(run));
  swap(node, panel(t('history'), runs.length ? [begun.length ? [history(begun.slice(0, 100)), empty(t('history_picture'))] : null, hidden.size ? h('p', { class: 'quiet' }, t('ahead', { n: hidden.size })) : null,
    table(t('history'), heads, runs.filter((run) => !hidden.has(run)).map(row))] : empty(t('no_runs')),
    older.cursor ? button(t('older'), () => act(next, null, '')) : null));
}

function showNext(node, answer) {
  swap(node, panel(t('next_fire_times'), h('p', { class: 'sentence' }, answer.sentence), answer.items.length ? fireTimes(answer.items) : empty(t('nothing_next'))));
}

async function revisions(id, signal) {
  const page = await get(query(path('schedules', id, 'revisions'), { limit: 20 }), signal);
  const box = h('div', {});
  const row = (each, index) => [`${each.revision}`, stamp(each.saved_at), each.saved_by,
    page.items[index + 1] ? button(t('changes'), () => box.replaceChildren(h('h3', {}, `${page.items[index + 1].revision} → ${each.revision}`),
      showDiff(pretty(page.items[index + 1].document), pretty(each.document)))) : '–'];
  return h('div', {}, table(t('revisions'), [t('revision'), t('when'), t('by'), t('changes')], page.items.map(row)), box);
}

async function backfills(id, signal) {
  const page = await get(query(path('schedules', id, 'backfills'), { limit: 20 }), signal);
  const home = h('div', {});
  const again = async () => home.replaceChildren(await backfills(id, signal));
  const cancel = (each) => button(t('cancel'), () => act(() => ask('DELETE', path('schedules', id, 'backfills', each.backfill_id)), again));
  const row = (each) => [badge(each.state), `${moment(each.first)} – ${moment(each.last)}`, `${each.progress.done}/${each.progress.fire_times}`, `${each.progress.failed}`, each.state === 'active' ? cancel(each) : ''];
  home.append(page.items.length ? table(t('backfills'), [t('state'), t('range'), t('done'), t('failures'), t('actions')], page.items.map(row)) : empty(t('no_backfills')),
    can('schedules', 'backfill') ? button(t('new_backfill'), () => askBackfill(id, again)) : '');
  return home;
}

function askBackfill(id, done) {
  const now = new Date();
  const text = (date) => date.toISOString().replace(/\.\d+/, '');
  const first = h('input', { id: 'first', value: text(new Date(now - 86400000)) });
  const last = h('input', { id: 'last', value: text(now) });
  const told = h('p', { 'aria-live': 'polite' });
  const body = (isDry) => ({ first: first.value.trim(), last: last.value.trim(), dry_run: isDry });
  const send = (isDry) => post(path('schedules', id, 'backfills'), body(isDry));
  const dry = () => act(() => send(true), (answer) => { told.textContent = t('would_run', { n: answer.body.would_run, all: answer.body.fire_times }); }, '');
  const close = openDialog(t('new_backfill'), [h('label', { for: 'first' }, t('from')), first, h('label', { for: 'last' }, t('to')), last, told],
    [button(t('dry_run'), dry), button(t('begin'), () => act(() => send(false), () => { close(); return done(); }), 'primary')]);
}
