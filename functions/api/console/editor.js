// Creates and edits a schedule: a form, or its JSON; the next fire times are told while the timetable is being written.

import { ask, get, path, post } from './api.js';
import { words } from './access.js';
import { h, link } from './dom.js';
import { pretty, tagsText } from './format.js';
import { act, button, field, fireTimes, panel, problemBox, showFaults } from './pieces.js';
import { t } from './words.js';

const PARTS = ['schedule_id', 'description', 'tags', 'sensitive', 'timetable', 'policies', 'job', 'alerts'];
const START = { schedule_id: '', timetable: { expression: '0 9 * * *', zone: Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC' },
  job: { target: { kind: 'http', method: 'POST', url: 'https://' } } };
const PREVIEWED = ['expression', 'zone', 'gap', 'fold', 'starts_at', 'ends_at', 'max_runs', 'jitter_seconds', 'calendars', 'anchor', 'also_at'];

export async function showEditor({ root, title, parts, signal }) {
  const [id] = parts;
  const found = id ? await ask('GET', path('schedules', id), { signal }) : null;
  const wanted = found ? Object.fromEntries(PARTS.filter((name) => name in found.body).map((name) => [name, found.body[name]])) : START;
  title.textContent = id ? t('edit_title', { id }) : t('page_new');
  const fault = h('div', { 'aria-live': 'polite' });
  const preview = h('div', { class: 'preview', 'aria-live': 'polite' });
  const form = h('form', { novalidate: undefined, on: { submit: save } });
  let isJson = false;
  let saved = wanted;
  function show(definition) {
    saved = definition;
    form.replaceChildren(...(isJson ? [jsonField(definition)] : fields(definition, Boolean(id))),
      h('div', { class: 'row' }, h('button', { type: 'submit', class: 'primary' }, id ? t('save') : t('create')),
        button(isJson ? t('as_form') : t('as_json'), turn), h('a', { class: 'button', href: id ? link('schedules', id) : link('schedules') }, t('cancel'))));
  }
  function turn() {
    const definition = read();
    if (!definition) return;
    isJson = !isJson;
    show(definition);
    later();
  }
  function read() {
    fault.replaceChildren();
    showFaults(form, []);
    const outcome = isJson ? parsed(form.elements.document.value, 'document') : collect(form, saved);
    if (outcome.faults.length) showFaults(form, outcome.faults);
    return outcome.faults.length ? null : outcome.value;
  }
  async function save(event) {
    event.preventDefault();
    const definition = read();
    if (!definition) return;
    await act(() => (id ? ask('PUT', path('schedules', id), { body: definition, etag: found.etag }) : post('/v1/schedules', definition))
      .catch((error) => { fail(error); throw Object.assign(new Error(error.message), { name: 'AbortError' }); }),
    () => { location.hash = link('schedules', id || definition.schedule_id); }, t('saved'));
  }
  function fail(error) {
    const left = isJson ? error.errors : showFaults(form, error.errors || []);
    const shown = { message: error.message, errors: left, code: error.code, requestId: error.requestId };
    fault.replaceChildren(problemBox(shown));
    const first = form.querySelector('[aria-invalid]');
    if (first) first.focus();
  }
  const later = debounced(() => tell(form, preview, isJson, saved, signal), 350);
  form.addEventListener('input', (event) => { if (event.target.name === 'kind') showTarget(form); later(); });
  root.replaceChildren(h('div', { class: 'columns' }, h('div', {}, form, fault), h('section', { class: 'panel side' }, h('h2', {}, t('preview')), preview)));
  show(wanted);
  await tell(form, preview, isJson, saved, signal);
}

function debounced(work, ms) {
  let timer = 0;
  return () => { clearTimeout(timer); timer = setTimeout(work, ms); };
}

let asked = 0;

/** Shows the sentence and the next fire times of what stands in the form, or what is wrong with it. */
async function tell(form, preview, isJson, saved, signal) {
  const mine = ++asked;
  const outcome = isJson ? parsed(form.elements.document.value, 'document') : collect(form, saved);
  const timetable = outcome.value && outcome.value.timetable;
  if (!timetable || timetable.after) { preview.replaceChildren(h('p', { class: 'quiet' }, timetable ? t('follows') : t('not_readable'))); return; }
  const question = Object.fromEntries(Object.entries(timetable).filter(([name, value]) => PREVIEWED.includes(name) && value !== null && value !== ''));
  try {
    const { body } = await post('/v1/timetables/preview', { ...question, count: 8 }, { signal });
    if (mine !== asked) return;
    showFaults(form, outcome.faults.filter((each) => each.field.startsWith('timetable.')), 'timetable.');
    preview.replaceChildren(h('p', { class: 'sentence' }, body.sentence), fireTimes(body.items));
  } catch (error) {
    if (signal.aborted || mine !== asked) return;
    const left = isJson ? error.errors || [] : showFaults(form, error.errors || [], 'timetable.');
    preview.replaceChildren(problemBox({ message: error.message, errors: left }));
  }
}

function jsonField(definition) {
  return panel('', field('document', t('document'), { tag: 'textarea', rows: '28', value: pretty(definition), spellcheck: 'false', class: 'code' }));
}

function fields(definition, isKnown) {
  const table = definition.timetable || {};
  const policies = definition.policies || {};
  const misfire = policies.misfire || {};
  const choice = (...values) => values.map((value) => [value, t(`choice_${value}`)]);
  return [
    panel(t('what'), field('schedule_id', t('schedule_id'), { value: definition.schedule_id, readonly: isKnown, maxlength: '64', spellcheck: 'false' }, t('id_hint')),
      field('description', t('description'), { value: definition.description || '', maxlength: '1000' }),
      field('tags', t('tags'), { value: tagsText(definition.tags) }, t('tags_hint')),
      field('sensitive', t('sensitive'), { type: 'checkbox', checked: definition.sensitive === true }, t('sensitive_hint'))),
    panel(t('when'), field('timetable.expression', t('expression'), { value: table.expression || '', maxlength: '256', spellcheck: 'false', class: 'code' }, t('expression_hint')),
      field('timetable.zone', t('zone'), { value: table.zone || 'UTC', list: 'zones', spellcheck: 'false' }), zones(),
      field('timetable.calendars', t('page_calendars'), { value: (table.calendars || []).join(', ') }, t('list_hint')),
      h('details', {}, h('summary', {}, t('more_timetable')),
        field('timetable.gap', t('gap'), { tag: 'select', value: table.gap || 'fire', options: choice('fire', 'skip') }),
        field('timetable.fold', t('fold'), { tag: 'select', value: table.fold || 'once', options: choice('once', 'twice') }),
        field('timetable.starts_at', t('starts_at'), { value: table.starts_at || '', placeholder: '2026-12-01T00:00:00Z' }),
        field('timetable.ends_at', t('ends_at'), { value: table.ends_at || '', placeholder: '2027-12-01T00:00:00Z' }),
        field('timetable.max_runs', t('max_runs'), { value: table.max_runs ?? '', inputmode: 'numeric' }),
        field('timetable.jitter_seconds', t('jitter'), { value: table.jitter_seconds || 0, inputmode: 'numeric' }))),
    panel(t('how'), field('policies.overlap', t('overlap'), { tag: 'select', value: policies.overlap || 'skip', options: choice('skip', 'allow', 'queue', 'replace') }),
      field('policies.misfire.catch_up', t('catch_up'), { tag: 'select', value: misfire.catch_up || 'none', options: choice('none', 'latest', 'all') }),
      field('policies.misfire.grace_seconds', t('grace'), { value: misfire.grace_seconds ?? 300, inputmode: 'numeric' })),
    jobPanel(definition.job || {}),
  ];
}

function zones() {
  const known = Intl.supportedValuesOf ? Intl.supportedValuesOf('timeZone') : [];
  return h('datalist', { id: 'zones' }, ['UTC', ...known].map((value) => h('option', { value })));
}

function jobPanel(job) {
  const target = job.target || {};
  const isPlain = !job.steps && !job.compensate && ['http', 'python'].includes(target.kind || 'http');
  const kind = isPlain ? target.kind || 'http' : 'json';
  const kinds = [['http', 'HTTP'], ['python', 'Python'], ['json', t('job_json')]];
  const hidden = (name) => ({ class: 'target', 'data-kind': name, hidden: name !== kind });
  return panel(t('job'), field('kind', t('kind'), { tag: 'select', value: kind, options: kinds }),
    h('div', hidden('http'), field('job.target.method', t('method'), { tag: 'select', value: target.method || 'POST', options: ['POST', 'GET', 'PUT', 'PATCH', 'DELETE', 'HEAD'].map((each) => [each, each]) }),
      field('job.target.url', 'URL', { value: target.url || '', inputmode: 'url', spellcheck: 'false' }),
      field('job.target.headers', t('headers'), jsonArea(target.headers, 3)), field('job.target.body', t('body'), jsonArea(target.body, 4))),
    h('div', hidden('python'), field('job.target.task', t('task'), { value: target.task || '' }), field('job.target.arguments', t('arguments'), jsonArea(target.arguments, 4))),
    h('div', hidden('json'), field('job', t('job_json'), jsonArea(job, 18))),
    h('div', { class: 'target', 'data-kind': 'http python', hidden: kind === 'json' },
      field('job.timeout_seconds', t('timeout'), { value: job.timeout_seconds ?? '', inputmode: 'decimal', placeholder: '15' }),
      field('job.retry.max_attempts', t('attempts'), { value: (job.retry || {}).max_attempts ?? '', inputmode: 'numeric', placeholder: '3' })));
}

const jsonArea = (value, rows) => ({ tag: 'textarea', rows: String(rows), spellcheck: 'false', class: 'code', value: value === undefined || value === null ? '' : pretty(value) });

function showTarget(form) {
  const kind = form.elements.kind.value;
  form.querySelectorAll('.target').forEach((each) => { each.hidden = !each.dataset.kind.split(' ').includes(kind); });
}

function parsed(text, name) {
  try {
    return { value: JSON.parse(text), faults: [] };
  } catch (error) {
    return { value: null, faults: [{ field: name, message: `${t('bad_json')} ${error.message}` }] };
  }
}

const number = (text) => (text.trim() === '' ? null : Number.isNaN(Number(text)) ? text : Number(text));

/** The definition that the form describes, laid over the one it began with. */
function collect(form, base) {
  const value = (name) => form.elements[name].value;
  const faults = [];
  const json = (name) => {
    if (!value(name).trim()) return undefined;
    const outcome = parsed(value(name), name);
    faults.push(...outcome.faults);
    return outcome.value;
  };
  const tags = Object.fromEntries(words(value('tags')).map((each) => { const at = each.indexOf('='); return at < 0 ? [each, ''] : [each.slice(0, at).trim(), each.slice(at + 1).trim()]; }));
  const timetable = { ...base.timetable, expression: value('timetable.expression').trim(), zone: value('timetable.zone').trim(), gap: value('timetable.gap'), fold: value('timetable.fold'),
    starts_at: value('timetable.starts_at').trim() || null, ends_at: value('timetable.ends_at').trim() || null, max_runs: number(value('timetable.max_runs')),
    jitter_seconds: number(value('timetable.jitter_seconds')) ?? 0, calendars: words(value('timetable.calendars')) };
  if (!timetable.expression && timetable.after) delete timetable.expression;
  const misfire = { ...(base.policies || {}).misfire, catch_up: value('policies.misfire.catch_up'), grace_seconds: number(value('policies.misfire.grace_seconds')) };
  const job = collectJob(form, base.job || {}, value, json);
  return { faults, value: { ...base, schedule_id: value('schedule_id').trim(), description: value('description'), tags, sensitive: form.elements.sensitive.checked,
    timetable, policies: { ...base.policies, overlap: value('policies.overlap'), misfire }, job } };
}

function collectJob(form, base, value, json) {
  const kind = value('kind');
  if (kind === 'json') return json('job');
  // What the form does not show stays as it was.
  const kept = base.target && base.target.kind === kind ? base.target : {};
  const target = kind === 'http'
    ? { ...kept, kind, method: value('job.target.method'), url: value('job.target.url').trim(), headers: json('job.target.headers'), body: json('job.target.body') }
    : { ...kept, kind, task: value('job.target.task').trim(), arguments: json('job.target.arguments') };
  const { steps, compensate, ...rest } = base;
  const job = { ...rest, target, retry: { ...base.retry, max_attempts: number(value('job.retry.max_attempts')) } };
  const timeout = number(value('job.timeout_seconds'));
  if (timeout === null) delete job.timeout_seconds;
  else job.timeout_seconds = timeout;
  return job;
}
