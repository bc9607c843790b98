// Operations that wait for their second factor.

import { ask, get, live, path } from './api.js';
import { h, swap } from './dom.js';
import { act, badge, button, confirmWith, empty, stamp, table } from './pieces.js';
import { t } from './words.js';

export async function showConfirmations({ root, signal }) {
  let shown = '';
  const read = async () => {
    const page = await get('/v1/confirmations', signal);
    const text = JSON.stringify(page.items);
    if (text === shown) return false;
    shown = text;
    show(root, page.items, read);
    return true;
  };
  await live(signal, read, { least: 4, most: 60 });
}

function show(root, items, refresh) {
  const decline = (each) => act(() => ask('POST', path('confirmations', each.confirmation_id), { body: { decline: true } }), refresh);
  const choices = (each) => each.state === 'waiting' && h('div', { class: 'row' }, button(t('confirm'), () => confirmWith(each, refresh), 'primary'), button(t('decline'), () => decline(each)));
  const row = (each) => [each.sentence || each.operation, badge(each.state), each.reason, each.asked_by, stamp(each.expires_at), choices(each)];
  swap(root, items.length ? table(t('page_confirmations'), [t('what'), t('state'), `~${t('reason')}`, `~${t('by')}`, t('until'), t('actions')], items.map(row)) : empty(t('no_confirmations')));
}
