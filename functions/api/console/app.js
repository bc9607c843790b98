// The console's frame: which page an address means, the navigation, the keyboard, language and colours.

import { can, get, keepToken, post, session, token } from './api.js';
import { h, link } from './dom.js';
import { showAccount, showPasswordChange } from './account.js';
import { showAudit, showRoles, showUsers } from './access.js';
import { showCalendars, showLetters } from './operations.js';
import { showConfirmations } from './confirmations.js';
import { showEditor } from './editor.js';
import { showLogin } from './login.js';
import { showOverview } from './overview.js';
import { problemBox, say } from './pieces.js';
import { showRun } from './run.js';
import { showSchedule } from './schedule.js';
import { showSchedules } from './schedules.js';
import { chooseLanguage, language, t } from './words.js';

const PAGES = {
  overview: showOverview, schedules: (page) => (page.parts.length ? showSchedule(page) : showSchedules(page)),
  new: showEditor, edit: showEditor, runs: showRun, confirmations: showConfirmations, calendars: showCalendars,
  'dead-letters': showLetters, users: showUsers, roles: showRoles, audit: showAudit, account: showAccount,
};
const MENU = [
  ['overview', null], ['schedules', 'schedules'], ['confirmations', null], ['calendars', 'calendars'],
  ['dead-letters', 'dead-letters'], ['users', 'users'], ['roles', 'roles'], ['audit', 'audit'], ['account', null],
];
let leave = new AbortController();

function where() {
  const [address, parameters] = location.hash.replace(/^#\/?/, '').split('?');
  const [name, ...parts] = address.split('/').map((part) => { try { return decodeURIComponent(part); } catch { return part; } });
  return { name: PAGES[name] ? name : 'overview', parts: parts.filter(Boolean), query: new URLSearchParams(parameters || '') };
}

function frame() {
  const entry = ([name, resource]) => (!resource || can(resource, 'read')
    ? h('li', {}, h('a', { href: link(name), 'data-page': name }, t(`page_${name}`))) : null);
  const menu = h('nav', { id: 'menu', 'aria-label': t('menu') }, h('ul', {}, MENU.map(entry)));
  const opener = h('button', { type: 'button', class: 'menu-button', 'aria-expanded': 'false', 'aria-controls': 'menu',
    on: { click: () => opener.setAttribute('aria-expanded', String(menu.classList.toggle('open'))) } }, t('menu'));
  menu.addEventListener('click', () => { menu.classList.remove('open'); opener.setAttribute('aria-expanded', 'false'); });
  document.body.className = session.me ? '' : 'out';
  document.body.replaceChildren(...[
    h('a', { class: 'skip', href: '#/', on: { click: skip } }, t('skip')),
    h('header', { class: 'top' }, session.me && opener, h('a', { class: 'brand', href: link('overview') }, 'Carillon'), tools()),
    session.me && menu, h('main', { id: 'main', tabindex: '-1' }), document.getElementById('toasts') || h('div', { id: 'toasts', role: 'status', 'aria-live': 'polite' })].filter(Boolean));
}

function skip(event) {
  event.preventDefault();
  document.getElementById('main').focus();
}

function tools() {
  const other = language() === 'en' ? 'zh' : 'en';
  const swapLanguage = () => { chooseLanguage(other); document.documentElement.lang = t('lang'); frameAndShow(); };
  return h('div', { class: 'tools' },
    h('button', { type: 'button', id: 'language', lang: other, on: { click: swapLanguage } }, other === 'zh' ? '中文' : 'English'),
    h('button', { type: 'button', id: 'theme', on: { click: nextTheme } }, t(`theme_${theme()}`)),
    session.me && h('a', { href: link('account'), class: 'who' }, session.me.user),
    session.me && h('button', { type: 'button', id: 'logout', on: { click: logOut } }, t('logout')));
}

const THEMES = ['auto', 'light', 'dark'];
const theme = () => localStorage.getItem('carillon.theme') || 'auto';

function nextTheme(event) {
  const chosen = THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length];
  localStorage.setItem('carillon.theme', chosen);
  document.documentElement.dataset.theme = chosen;
  event.target.textContent = t(`theme_${chosen}`);
}

async function logOut() {
  await post('/v1/logout').catch(() => {});
  keepToken(null);
  session.me = null;
  start();
}

function frameAndShow() {
  frame();
  show();
}

/** Shows the page that the address names, and ends all that the one before was doing. */
async function show() {
  leave.abort();
  leave = new AbortController();
  const { signal } = leave;
  const main = document.getElementById('main');
  if (!session.me) return showLogin(main, frameAndShow);
  if (session.me.must_change_password) return showPasswordChange(main, start);
  const at = where();
  document.querySelectorAll('#menu a').forEach((each) => {
    if (each.dataset.page === at.name) each.setAttribute('aria-current', 'page');
    else each.removeAttribute('aria-current');
  });
  const title = h('h1', { tabindex: '-1' }, at.parts[0] || t(`page_${at.name}`));
  const root = h('div', {});
  main.replaceChildren(title, root);
  document.title = `${title.textContent} – Carillon`;
  window.scrollTo(0, 0);
  title.focus({ preventScroll: true });
  try {
    await PAGES[at.name]({ ...at, root, title, signal });
  } catch (error) {
    if (signal.aborted || !session.me) return undefined;
    root.replaceChildren(problemBox(error));
  }
  return undefined;
}

async function start() {
  document.documentElement.dataset.theme = theme();
  document.documentElement.lang = t('lang');
  if (token() && !session.me) session.me = await get('/v1/me').catch(() => null);
  frameAndShow();
}

session.onEnd = () => { session.me = null; frameAndShow(); say(t('session_over'), 'bad'); };
window.addEventListener('hashchange', show);
document.addEventListener('keydown', (event) => {
  const search = document.getElementById('search');
  if (event.key !== '/' || !search || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
  event.preventDefault();
  search.focus();
});
start();
