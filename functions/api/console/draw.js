// Pictures made of plain SVG elements: a history, hours, a workflow's graph, and when each row ran.

import { h, link, s } from './dom.js';
import { clock, duration, moment, stateWord } from './format.js';
import { t } from './words.js';

const scroll = (word, picture) => h('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': t(word) }, picture);
const low = (state) => String(state).toLowerCase();

/** How many of the counted runs failed. */
export const failures = (counts) => ['failed', 'timed_out', 'unknown', 'compensated', 'compensation_failed'].reduce((sum, name) => sum + (counts[name] || 0), 0);

/** Ended runs by hour: what succeeded below, what failed above. */
export function hourBars(stats) {
  const first = new Date(stats.from).getTime();
  const slots = Math.round((new Date(stats.to).getTime() - first) / 3600000) + 1;
  const rows = stats.hours.map((hour) => ({ at: Math.round((new Date(hour.hour) - first) / 3600000), hour,
    good: hour.succeeded, bad: failures(hour) }));
  const top = Math.max(1, ...rows.map((row) => row.good + row.bad));
  const bars = rows.flatMap(({ at, hour, good, bad }) => {
    const high = (good / top) * 56;
    const word = `${moment(hour.hour)}: ${good} ${t('succeeded')}, ${bad} ${t('failures')}`;
    const bar = (y, height, kind) => s('rect', { x: at * 20 + 2, y, width: 16, height, class: `fill ${kind}` }, s('title', {}, word));
    return [bar(60 - high, high, 'succeeded'), bar(60 - high - (bad / top) * 56, (bad / top) * 56, 'failed')];
  });
  return s('svg', { class: 'hours', preserveAspectRatio: 'none', viewBox: `0 0 ${slots * 20} 62`, role: 'img', 'aria-label': t('hours_picture') },
    s('line', { x1: 0, y1: 61, x2: slots * 20, y2: 61, class: 'edge' }), bars);
}

/** A schedule's runs, oldest left: colour is state, length is duration. */
export function history(runs) {
  const shown = [...runs].reverse();
  const longest = Math.max(1, ...shown.map((run) => run.duration_ms || 0));
  const bar = (run, index) => {
    const height = 6 + 70 * Math.sqrt((run.duration_ms || 0) / longest);
    const word = `${run.run_id}, ${stateWord(run.state)}, ${duration(run.duration_ms)}`;
    return s('a', { href: link('runs', run.run_id), 'aria-label': word }, s('title', {}, word),
      s('rect', { x: index * 14 + 1, y: 80 - height, width: 12, height, rx: 2, class: `fill ${low(run.state)}` }));
  };
  const picture = s('svg', { class: 'history', width: Math.max(1, shown.length) * 14, height: 82, viewBox: `0 0 ${Math.max(1, shown.length) * 14} 82`,
    role: 'group', 'aria-label': t('history_picture') }, shown.map(bar));
  return scroll('history', picture);
}

const WIDE = 190;
const HIGH = 54;
const GAP = 46;

/** Every step's own row and its last compensation, by the step's name. */
export function byStep(rows) {
  const found = new Map();
  for (const row of rows.filter((each) => each.step && each.item === null)) {
    const entry = found.get(row.step) || {};
    if (row.compensation === null) entry.row = row;
    else if (!entry.undo || row.compensation >= entry.undo.compensation) entry.undo = row;
    found.set(row.step, entry);
  }
  return found;
}

/** A workflow's graph with the state of every step. */
export function graph(shape, rows) {
  const found = byStep(rows);
  const place = new Map();
  shape.layers.forEach((layer, column) => layer.forEach((name, row) => place.set(name, [column * (WIDE + GAP) + 4, row * (HIGH + 22) + 4])));
  const tall = Math.max(...shape.layers.map((layer) => layer.length)) * (HIGH + 22) + 4;
  const wide = shape.layers.length * (WIDE + GAP) - GAP + 8;
  const edges = [...place].flatMap(([name, [x, y]]) => shape.steps[name].needs.map((need) => {
    const [px, py] = place.get(need);
    const from = [px + WIDE, py + HIGH / 2];
    return s('path', { class: 'edge', d: `M${from} C${from[0] + GAP / 2},${from[1]} ${x - GAP / 2},${y + HIGH / 2} ${x},${y + HIGH / 2}` });
  }));
  const nodes = [...place].map(([name, at]) => graphNode(name, at, found.get(name) || {}));
  const picture = s('svg', { class: 'graph', width: wide, height: tall, viewBox: `0 0 ${wide} ${tall}`, role: 'group', 'aria-label': t('graph') }, edges, nodes);
  return scroll('graph', picture);
}

function graphNode(name, [x, y], { row, undo }) {
  const state = row ? row.state : 'WAITS';
  const word = stateWord(state);
  const back = undo ? `↩ ${stateWord(undo.state)}` : '';
  const short = name.length > 20 ? `${name.slice(0, 19)}…` : name;
  const inside = [s('title', {}, `${name}: ${word} ${back}`), s('rect', { x, y, width: WIDE, height: HIGH, rx: 6, class: `node ${low(state)}` }),
    s('text', { x: x + 10, y: y + 21, class: 'node-name' }, short), s('text', { x: x + 10, y: y + 41 }, back ? `${word} ${back}` : word)];
  return row ? s('a', { href: link('runs', row.run_id), 'aria-label': `${name}: ${word} ${back}`, 'data-step': name, 'data-state': state }, inside)
    : s('g', { 'data-step': name, 'data-state': state }, inside);
}

/** When each row of a run was at work. */
export function gantt(rows) {
  const begun = rows.filter((row) => row.started_at);
  if (!begun.length) return null;
  const first = Math.min(...begun.map((row) => new Date(row.started_at).getTime()));
  const last = Math.max(...begun.map((row) => (row.ended_at ? new Date(row.ended_at).getTime() : Date.now())), first + 1);
  const at = (text) => 200 + ((new Date(text).getTime() - first) / (last - first)) * 500;
  const lines = begun.slice(0, 200).map((row, index) => {
    const x = at(row.started_at);
    const end = row.ended_at ? at(row.ended_at) : 700;
    const y = index * 22;
    const name = rowName(row);
    const word = `${name}: ${stateWord(row.state)}, ${duration(row.duration_ms)}, ${clock(row.started_at)}`;
    return s('g', {}, s('title', {}, word), s('text', { x: 0, y: y + 14 }, name.length > 28 ? `${name.slice(0, 27)}…` : name),
      s('rect', { x, y: y + 3, width: Math.max(2, end - x), height: 14, rx: 2, class: `fill ${low(row.state)}` }));
  });
  const tall = lines.length * 22;
  const picture = s('svg', { class: 'gantt', width: 710, height: tall, viewBox: `0 0 710 ${tall}`, role: 'img', 'aria-label': t('gantt') }, lines);
  return scroll('gantt', picture);
}

export function rowName(row) {
  const item = row.item === null ? '' : ` #${row.item}`;
  return `${row.step ?? ''}${item}${row.compensation === null ? '' : ` ↩${row.compensation}`}`;
}
