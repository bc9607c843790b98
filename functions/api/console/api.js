// The API as the console uses it. The token lives in this tab's sessionStorage: never in a cookie, never on disk for long.

const KEY = 'carillon.token';
export const session = { me: null, onEnd: () => {} };

export class Problem extends Error {
  constructor(status, body) {
    super(body.detail || body.title || body.message || `HTTP ${status}`);
    this.status = status;
    this.code = body.code || '';
    this.errors = Array.isArray(body.errors) ? body.errors : [];
    this.requestId = body.request_id || '';
  }
}

export const token = () => sessionStorage.getItem(KEY);

export function keepToken(value) {
  if (value) sessionStorage.setItem(KEY, value);
  else sessionStorage.removeItem(KEY);
}

/** Whether the user holds a permission on anything at all; the API decides on each object. */
export function can(resource, action) {
  const held = session.me ? session.me.permissions : [];
  return held.some((each) => each.resource === resource && each.actions.includes(action));
}

export const path = (...parts) => `/v1/${parts.map(encodeURIComponent).join('/')}`;

export function query(address, parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== null && value !== '');
  return given.length ? `${address}?${new URLSearchParams(given)}` : address;
}

let skew = 0;

/** What shows the API that a request is fresh: its time by the server's clock, and a nonce. */
function fresh(method) {
  if (method === 'GET') return {};
  return { 'X-Timestamp': String(Math.floor((Date.now() + skew) / 1000)), 'X-Nonce': crypto.randomUUID() };
}

/** One request; answers {status, body, etag}, or throws a Problem. */
export async function ask(method, address, { body, etag, signal } = {}) {
  const headers = fresh(method);
  const used = token();
  if (used) headers.Authorization = `Bearer ${used}`;
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  if (etag) headers['If-Match'] = etag;
  const answer = await fetch(address, {
    method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body),
    credentials: 'omit', cache: 'no-store', redirect: 'error', referrerPolicy: 'no-referrer',
  });
  const date = Date.parse(answer.headers.get('date') || '');
  if (date) skew = Math.abs(date - Date.now()) > 5000 ? date - Date.now() : 0;
  const text = await answer.text();
  let found = null;
  try { found = text ? JSON.parse(text) : null; } catch { found = { detail: text.slice(0, 300) }; }
  if (answer.ok) return { status: answer.status, body: found, etag: answer.headers.get('etag') };
  const problem = new Problem(answer.status, found || {});
  if (answer.status === 401 && used && used === token()) {
    keepToken(null);
    session.onEnd(problem);
  }
  throw problem;
}

export const get = async (address, signal) => (await ask('GET', address, { signal })).body;
export const post = (address, body, more = {}) => ask('POST', address, { body, ...more });

/** Trades name and password for a token and reads who that is. */
export async function logIn(user, password) {
  const answer = await post('/v1/login', { user, password });
  keepToken(answer.body.token);
  session.me = await get('/v1/me');
}

/** Reads again and again while the page is seen: soon after a change, seldom when nothing happens. */
/** `work` answers whether something changed, or 'stop'. */
export function live(signal, work, { least = 2, most = 30 } = {}) {
  let wait = least;
  let timer = 0;
  let isBusy = false;
  async function turn() {
    if (document.hidden || isBusy || signal.aborted) return;
    isBusy = true;
    try {
      const outcome = await work();
      if (outcome === 'stop') return;
      wait = outcome ? least : Math.min(most, wait * 1.5);
    } catch (error) {
      if (signal.aborted) return;
      if (timer === 0) throw error;
      wait = Math.min(most, Math.max(least, wait) * 2);
    } finally {
      isBusy = false;
    }
    if (!signal.aborted) timer = setTimeout(turn, wait * 1000);
  }
  const seen = () => { if (!document.hidden && timer) { clearTimeout(timer); wait = least; turn(); } };
  document.addEventListener('visibilitychange', seen, { signal });
  signal.addEventListener('abort', () => clearTimeout(timer));
  return turn();
}
