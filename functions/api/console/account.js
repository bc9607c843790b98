// One's own account: password, second factor, sessions, and what one may do.

import { ask, get, keepToken, post, session } from './api.js';
import { h } from './dom.js';
import { act, badge, button, facts, field, panel, problemBox, proof, showFaults, table } from './pieces.js';
import { t } from './words.js';

export async function showAccount({ root, signal }) {
  const { me } = session;
  const over = () => { keepToken(null); session.onEnd(); };
  const rows = me.permissions.map((each) => [each.resource, each.actions.join(', '), each.scope]);
  const everywhere = () => act(() => post('/v1/me/logout-everywhere'), over);
  root.replaceChildren(
    panel('', facts([[t('user'), me.user], [t('page_roles'), me.roles.join(', ')], [t('kind'), t(`kind_${me.kind}`)]]), button(t('logout_everywhere'), everywhere, 'danger')),
    me.kind === 'person' ? passwordForm(over) : '',
    me.kind === 'service' ? '' : await factorPanel(signal),
    panel(t('permissions'), table(t('permissions'), [t('resource'), t('actions'), t('scope')], rows)));
}

export function showPasswordChange(main, done) {
  main.replaceChildren(h('h1', {}, t('one_time')), passwordForm(() => { keepToken(null); session.me = null; done(); }));
}

function passwordForm(done) {
  const submit = (event) => {
    event.preventDefault();
    const { current_password: current, new_password: wanted } = event.target.elements;
    send(event.target, () => post('/v1/me/password', { current_password: current.value, new_password: wanted.value }), done, t('password_changed'));
  };
  return h('form', { class: 'panel', on: { submit } }, h('h2', {}, t('change_password')),
    field('current_password', t('current_password'), { type: 'password', autocomplete: 'current-password' }),
    field('new_password', t('new_password'), { type: 'password', autocomplete: 'new-password' }, t('password_hint')),
    h('button', { type: 'submit', class: 'primary' }, t('save')));
}

/** Sends a form and shows what is wrong at its fields. */
export function send(form, work, done, told) {
  return act(async () => {
    try {
      showFaults(form, []);
      return await work();
    } catch (error) {
      const left = showFaults(form, error.errors || []);
      throw Object.assign(error, { errors: left });
    }
  }, done, told);
}

async function factorPanel(signal) {
  const state = await get('/v1/me/totp', signal);
  const home = h('div', { 'aria-live': 'polite' });
  const submit = async (event) => {
    event.preventDefault();
    const { password, code } = event.target.elements;
    const body = { password: password.value, ...(code && code.value.trim() ? proof(code) : {}) };
    try {
      home.replaceChildren(enrolment((await ask('POST', '/v1/me/totp', { body })).body));
    } catch (error) { home.replaceChildren(problemBox(error)); }
  };
  return h('form', { class: 'panel', on: { submit } }, h('h2', {}, t('second_factor'), ' ', badge(state.is_active ? 'active' : 'off')), h('p', {}, t('factor_text')),
    state.is_active ? h('p', {}, t('codes_left', { n: state.recovery_codes_left })) : null, field('password', t('password'), { type: 'password', autocomplete: 'current-password' }),
    state.is_active ? field('code', t('code'), { inputmode: 'numeric', autocomplete: 'one-time-code' }) : null, h('button', { type: 'submit' }, t('enrol')), home);
}

function enrolment(answer) {
  const code = h('input', { id: 'first-code', inputmode: 'numeric', autocomplete: 'one-time-code', maxlength: '12' });
  const said = h('div', {});
  const activate = () => act(() => post('/v1/me/totp/activate', { code: code.value.trim() }), ({ body }) => {
    said.replaceChildren(h('p', { class: 'notice good' }, t('factor_active')), h('pre', { tabindex: '0' }, body.recovery_codes.join('\n')));
  });
  // An image: whatever the drawing held, a browser would not run it.
  return h('div', {}, h('p', {}, t('scan')), h('img', { class: 'qr', src: `data:image/svg+xml,${encodeURIComponent(answer.qr_svg)}`, alt: t('qr_alt') }),
    h('p', {}, h('code', { class: 'secret' }, answer.secret)), h('label', { for: 'first-code' }, t('code')), code, button(t('activate'), activate, 'primary'), said);
}
