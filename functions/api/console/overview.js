// The overview: how it goes, what needs attention, what comes next.

import { can, get, live, session } from './api.js';
import { h, link, swap } from './dom.js';
import { count, duration, share } from './format.js';
import { failures, hourBars } from './draw.js';
import { badge, empty, panel, stamp, table } from './pieces.js';
import { t } from './words.js';

const SLOW_EVERY = 6;

export async function showOverview({ root, signal }) {
  if (!session.me.permissions.length) { root.replaceChildren(empty(t('no_rights'))); return; }
  const parts = { stats: h('div', {}), attention: h('div', {}), now: h('div', {}), next: h('div', {}) };
  root.replaceChildren(parts.stats, h('div', { class: 'columns' }, h('div', {}, parts.attention), h('div', {}, parts.now, parts.next)));
  const seen = {};
  let round = 0;
  const changed = (name, value) => {
    const text = JSON.stringify(value);
    const isNew = seen[name] !== text;
    seen[name] = text;
    return isNew;
  };
  await live(signal, async () => {
    const isFull = round % SLOW_EVERY === 0;
    round += 1;
    const [failed, open] = await Promise.all([
      readable('runs', '/v1/runs?state=failed&limit=10', signal),
      readable('runs', '/v1/runs?state=unfinished&limit=50', signal),
    ]);
    const news = [failed && changed('failed', failed) && showAttention(parts.attention, failed, seen.more),
      open && changed('open', open) && showNow(parts.now, open.items)];
    if (isFull) await readSlow(parts, signal, failed, seen);
    return news.some(Boolean);
  }, { least: 3, most: 30 });
}

const readable = (resource, address, signal) => (can(resource, 'read') ? get(address, signal) : null);

async function readSlow(parts, signal, failed, seen) {
  const [stats, coming, broken, letters] = await Promise.all([
    // Of all schedules together: not for whoever may read some only.
    get('/v1/stats?hours=24', signal).catch((error) => { if (error.status !== 403) throw error; }),
    readable('schedules', '/v1/schedules?order=next&limit=10', signal),
    readable('schedules', '/v1/schedules?state=broken&limit=50', signal),
    readable('dead-letters', '/v1/dead-letters?limit=5', signal),
  ]);
  seen.more = { broken: broken ? broken.items : [],
    letters: letters ? letters.items.filter((each) => !each.redriven_at) : [] };
  if (stats) showStats(parts.stats, stats);
  showAttention(parts.attention, failed, seen.more);
  if (coming) showNext(parts.next, coming.items);
}

function showStats(node, stats) {
  const { total } = stats;
  const bad = failures(total);
  const ended = total.succeeded + bad;
  const tile = (name, value, kind = '') => h('div', { class: `tile ${kind}` }, h('dt', {}, name), h('dd', {}, value));
  swap(node, h('section', { class: 'panel' }, h('h2', {}, t('last_day')), h('dl', { class: 'tiles' },
    tile(t('succeeded'), count(total.succeeded), 'good'), tile(t('failures'), count(bad), bad ? 'bad' : ''),
    tile(t('success_rate'), share(total.succeeded, ended)), tile(t('average_lateness'), duration(total.average_lateness_ms)),
    tile(t('average_duration'), duration(total.average_duration_ms)), tile(t('retried'), count(total.retried)),
    tile(t('not_run'), count(total.skipped + total.misfired + total.overlap_skipped + total.excluded + total.missed))),
  hourBars(stats), empty(t('hours_picture'))));
}

/** One line of a run: its name, its state, when. */
export const runLine = (run) => [h('a', { href: link('runs', run.run_id) }, run.run_id), badge(run.state),
  stamp(run.ended_at || run.started_at || run.fire_at)];

function lastWord(run) {
  const event = run.events[run.events.length - 1];
  return [run.reason, event && event.message].filter(Boolean).join(': ');
}

function showAttention(node, failed, more) {
  const broken = more ? more.broken.map((each) => h('li', {}, badge('broken'), ' ', h('a', { href: link('schedules', each.schedule_id) }, each.schedule_id), ' ', each.state_reason)) : [];
  const letters = more && more.letters.length ? [h('li', {}, h('a', { href: link('dead-letters') }, t('letters_wait', { n: more.letters.length })))] : [];
  const rows = failed && failed.items.map((run) => [...runLine(run), lastWord(run)]);
  swap(node, panel(t('attention'), broken.length + letters.length ? h('ul', {}, broken, letters) : null,
    rows && (rows.length ? table(t('attention'), [t('run'), t('state'), t('when'), `~${t('cause')}`], rows) : empty(t('all_well')))));
  return true;
}

function showNow(node, found) {
  const runs = [...found.filter((run) => run.state !== 'QUEUED').slice(0, 20), ...found.filter((run) => run.state === 'QUEUED').slice(0, 6)];
  swap(node, panel(t('now'), runs.length ? table(t('now'), [t('run'), t('state'), t('when')], runs.map(runLine)) : empty(t('nothing_now'))));
  return true;
}

function showNext(node, coming) {
  const rows = coming.map((each) => [h('a', { href: link('schedules', each.schedule_id) }, each.schedule_id), stamp(each.next_fire_at)]);
  swap(node, panel(t('next_fire_times'), rows.length ? table(t('next_fire_times'), [t('schedule'), t('when')], rows) : empty(t('nothing_next'))));
}
