// The login page.

import { logIn } from './api.js';
import { h } from './dom.js';
import { problemBox } from './pieces.js';
import { t } from './words.js';

export function showLogin(main, done) {
  const user = h('input', { id: 'user', autocomplete: 'username', autocapitalize: undefined, spellcheck: 'false', required: true });
  const password = h('input', { id: 'password', type: 'password', autocomplete: 'current-password', required: true });
  const fault = h('div', { 'aria-live': 'polite' });
  const submit = async (event) => {
    event.preventDefault();
    try {
      await logIn(user.value.trim(), password.value);
      done();
    } catch (error) {
      fault.replaceChildren(problemBox(error));
      password.select();
    }
  };
  main.replaceChildren(h('form', { class: 'panel login', on: { submit } }, h('h1', {}, t('login_title')),
    h('div', { class: 'field' }, h('label', { for: 'user' }, t('user')), user),
    h('div', { class: 'field' }, h('label', { for: 'password' }, t('password')), password),
    h('button', { type: 'submit', class: 'primary' }, t('login')), fault));
  document.title = `${t('login_title')} – Carillon`;
  user.focus();
}
