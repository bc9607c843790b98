// One run: its state and why, its attempts and events, its log, what went in and came out; a workflow's graph and times.

import { can, get, live, path, post } from './api.js';
import { h, link, swap } from './dom.js';
import { gantt, graph, rowName } from './draw.js';
import { clock, duration, moment, pretty, stateWord } from './format.js';
import { act, askFirst, badge, button, empty, facts, panel, pre, table } from './pieces.js';
import { onDemand } from './schedule.js';
import { went } from './schedules.js';
import { t } from './words.js';

const OPEN = ['QUEUED', 'RUNNING', 'RETRYING', 'WAITING', 'COMPENSATING'];
const BAD = ['FAILED', 'TIMED_OUT', 'UNKNOWN', 'COMPENSATION_FAILED', 'COMPENSATED'];

export async function showRun({ root, parts: [id], signal }) {
  const parts = { head: h('div', {}), flow: h('div', {}), story: h('div', {}), log: h('div', {}) };
  const seen = { text: '' };
  let shown = '';
  let run = null;
  const read = async () => {
    run = await get(path('runs', id), signal);
    const isNewLog = await readLog(parts.log, run, seen, signal);
    const text = JSON.stringify(run);
    const isNew = text !== shown;
    shown = text;
    if (isNew) {
      showHead(parts.head, run, read);
      showFlow(parts.flow, run);
      showStory(parts.story, run);
    } else if (OPEN.includes(run.state) && run.graph) showFlow(parts.flow, run);
    return OPEN.includes(run.state) ? isNew || isNewLog : 'stop';
  };
  root.replaceChildren(parts.head, parts.flow, parts.story, parts.log,
    panel('', onDemand(t('input'), () => input(run, signal)), onDemand(t('output'), () => output(id, signal))));
  await live(signal, read, { least: 1, most: 15 });
}

/** The id of the workflow that a step's run belongs to, null for a run of its own. */
function parentOf(id) {
  const dot = id.indexOf('.', id.indexOf('@'));
  return dot < 0 ? null : id.slice(0, dot);
}

/** Why a run went wrong, and where: its own last word, or that of the first step that failed. */
function causeOf(run) {
  const step = run.steps.filter((each) => each.compensation === null && BAD.includes(each.state) && each.reason !== 'upstream_failed')
    .sort((a, b) => ((a.ended_at || '') < (b.ended_at || '') ? -1 : 1))[0];
  const failing = step || null;
  const last = [...run.events].reverse().find((event) => BAD.includes(event.status) || event.status === 'RETRYING');
  if (failing) return h('div', { class: 'notice bad cause' }, h('strong', {}, `${t('cause')}: `), h('a', { href: link('runs', failing.run_id) }, rowName(failing)), ` ${failing.reason || ''} – ${failing.message || ''}`);
  if (!BAD.includes(run.state) && run.state !== 'RETRYING') return run.reason ? h('p', { class: 'notice' }, `${t('reason')}: ${run.reason}`) : null;
  return h('div', { class: 'notice bad cause' }, h('strong', {}, `${t('cause')}: `), `${run.reason || ''} – ${last ? last.message : ''}`);
}

function showHead(node, run, refresh) {
  const parent = parentOf(run.run_id);
  const schedule = h('a', { href: link('schedules', run.schedule_id) }, run.schedule_id);
  swap(node, h('section', { class: 'panel' }, h('div', { class: 'row' }, badge(run.state), actions(run, refresh)), causeOf(run),
    facts([[t('schedule'), schedule], parent && [t('workflow'), h('a', { href: link('runs', parent) }, parent)], run.retry_of && [t('retry_of'), h('a', { href: link('runs', run.retry_of) }, run.retry_of)],
      [t('fire_time'), moment(run.fire_at)], [t('origin'), t(`origin_${run.origin}`)], [t('attempts'), `${run.attempt}`], [t('revision'), `${run.revision ?? '–'}`],
      [t('began'), moment(run.started_at)], [t('ended'), moment(run.ended_at)], [t('duration'), duration(run.duration_ms)], [t('lateness'), duration(run.lateness_ms)],
      run.callback_due_at && [t('callback_due'), moment(run.callback_due_at)], [t('trace'), h('code', {}, run.trace_id)]])));
}

function actions(run, refresh) {
  if (run.archived) return [h('span', { class: 'quiet' }, t('archived'))];
  const call = (verb, body) => () => act(() => post(path('runs', run.run_id, verb), body), refresh);
  const isTop = parentOf(run.run_id) === null;
  const isOpen = OPEN.includes(run.state);
  const settle = () => askFirst(t('settle'), t('settle_text'), (note) => call('settle', { note })(), { note: t('note') });
  return [
    isOpen && can('runs', 'cancel') && button(t('cancel_run'), () => askFirst(t('cancel_run'), t('cancel_text'), call('cancel')), 'danger'),
    isOpen && isTop && run.graph && can('runs', 'cancel') && button(t('cancel_undo'), () => askFirst(t('cancel_undo'), t('cancel_undo_text'), call('cancel', { compensate: true })), 'danger'),
    run.state === 'WAITING' && can('runs', 'complete') && button(t('complete'), call('complete', {})),
    !isOpen && isTop && can('runs', 'retry') && button(t('retry'), () => act(() => post(path('runs', run.run_id, 'retry')), went)),
    isTop && ['COMPENSATION_FAILED', 'UNKNOWN'].includes(run.state) && can('runs', 'retry') && button(t('compensate'), call('compensate')),
    isTop && run.state === 'COMPENSATION_FAILED' && can('runs', 'settle') && button(t('settle'), settle),
  ];
}

function showFlow(node, run) {
  if (!run.graph && !run.steps.length) return;
  const row = (each) => [h('a', { href: link('runs', each.run_id) }, rowName(each) || each.run_id), badge(each.state), `${each.attempt}`, duration(each.duration_ms), each.reason || '', each.message || ''];
  const heads = [t('step'), t('state'), t('attempts'), `~${t('duration')}`, `~${t('reason')}`, `~${t('message')}`];
  const steps = run.steps.filter((each) => each.compensation === null);
  const undone = run.steps.filter((each) => each.compensation !== null);
  swap(node, panel(t('workflow'), run.graph ? graph(run.graph, run.steps) : null, gantt(run.steps), steps.length ? table(t('steps'), heads, steps.slice(0, 200).map(row)) : null),
    undone.length ? panel(t('compensation'), table(t('compensation'), heads, undone.slice(0, 200).map(row))) : null);
}

/** The attempts of a run, read from its events. */
function attemptsOf(events) {
  const found = new Map();
  for (const event of events.filter((each) => each.attempt > 0)) {
    const entry = found.get(event.attempt) || { number: event.attempt, from: event.timestamp };
    if (event.status !== 'RUNNING') Object.assign(entry, { state: event.status, message: event.message, took: event.duration_ms });
    found.set(event.attempt, entry);
  }
  return [...found.values()];
}

function showStory(node, run) {
  const attempt = (each) => [`${each.number}`, clock(each.from), each.state ? badge(each.state) : badge('RUNNING'), duration(each.took), each.message || ''];
  const attempts = attemptsOf(run.events);
  const event = (each) => h('li', { class: `event ${each.status.toLowerCase()}` }, h('time', { datetime: new Date(each.timestamp).toISOString(), title: moment(each.timestamp) }, clock(each.timestamp)),
    h('strong', {}, stateWord(each.status)), h('span', {}, each.message), h('span', { class: 'quiet' }, each.duration_ms === null ? '' : duration(each.duration_ms)));
  swap(node, h('div', { class: 'columns' },
    panel(t('attempts'), attempts.length ? table(t('attempts'), ['#', `~${t('began')}`, t('state'), `~${t('duration')}`, t('message')], attempts.map(attempt)) : empty(t('not_begun'))),
    panel(t('events'), h('ol', { class: 'events' }, run.events.map(event)))));
}

/** Shows what the latest attempt wrote; answers whether that is news. */
async function readLog(node, run, seen, signal) {
  if (!run.attempt || run.graph || run.archived) return false;
  const log = await get(path('runs', run.run_id, 'log'), signal);
  const text = log.lines.map((each) => `${clock(each.timestamp)} ${each.message}`).join('\n');
  if (text === seen.text || !text) return false;
  seen.text = text;
  swap(node, panel(`${t('log')} #${log.attempt}`, log.dropped ? empty(`… +${log.dropped}`) : null, pre(text, t('log'))));
  return true;
}

async function input(run, signal) {
  if (!run || run.revision === null) return empty(t('not_begun'));
  const found = await get(path('schedules', run.schedule_id, 'revisions', String(run.revision)), signal);
  const { job } = found.document;
  const step = parentOf(run.run_id) ? run.run_id.slice(parentOf(run.run_id).length + 1).split('.')[0] : null;
  return pre(pretty(step && job.steps && job.steps[step] ? job.steps[step] : job), t('input'));
}

async function output(id, signal) {
  try {
    return pre(pretty((await get(path('runs', id, 'output'), signal)).output), t('output'));
  } catch (error) {
    if (error.status !== 404) throw error;
    return empty(t('no_output'));
  }
}
