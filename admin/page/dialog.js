// The confirmation of an order: what will happen, why it is wanted, the answer.

import * as api from './api.js';
import { attr, byID, el, say, show } from './element.js';
import { clock } from './figures.js';
import { icon } from './icons.js';
import { state } from './state.js';

const spans = [['', 'until it is released'], ['1', '1 hour'], ['4', '4 hours'], ['12', '12 hours'], ['24', '1 day'], ['168', '7 days']];

// confirmOrder asks, and sends the order when it is confirmed. Unless it is for
// whichever generation is live, it carries the live one as it was when the dialog
// was opened: if another one is live by then, the master refuses.
export function confirmOrder(order) {
  const dialog = byID('dialog');
  if (dialog.open) return;
  const seen = order.always ? 0 : state.status.live;
  const opened = Date.now() + state.ahead;

  const reason = el('input', { id: 'reason', type: 'text', maxlength: '500', autocomplete: 'off' });
  const lasting = el('select', { id: 'lasting' }, spans.map(([hours, text]) => el('option', { value: hours }, text)));
  const fault = el('p', { class: 'fault', role: 'alert' });
  const confirm = el('button', { type: 'submit', class: 'main', id: 'confirm' }, order.name);
  const cancel = el('button', { type: 'button', id: 'cancel', onclick: () => dialog.close() }, 'Cancel');
  const form = el('form', { method: 'dialog' },
    el('h2', { id: 'dialog-title' }, icon(order.icon), `${order.name}?`),
    el('p', { id: 'dialog-text' }, order.will(state.status)),
    order.lasts && el('label', { for: 'lasting' }, 'For'), order.lasts && lasting,
    el('label', { for: 'reason' }, 'Reason ', el('span', { class: 'soft' }, '(it is kept with the event)')), reason,
    seen > 0 && el('p', { class: 'soft' }, `If generation ${seen} is not the live one any more, nothing is done.`),
    fault,
    el('div', { class: 'buttons' }, cancel, confirm));

  // A key names one confirmation. Where no answer came it is kept, so that pressing
  // again cannot give the order twice.
  let key = api.randomKey();
  let sending = false;
  form.addEventListener('submit', async (submit) => {
    submit.preventDefault();
    if (sending) return;
    sending = true;
    attr(confirm, 'aria-disabled', 'true');
    say(fault, '');
    const until = lasting.value && new Date(opened + lasting.value * 3_600_000).toISOString(); // the same when it is sent again
    const [method, path, more] = order.request({ until });
    try {
      await api.call(method, path, { key, body: { ...more, reason: reason.value.trim(), generation: seen } });
      notice(`${order.name}: accepted at ${clock(Date.now())}.`);
      if (form.isConnected) dialog.close(); // another one may have been opened meanwhile
    } catch (error) {
      const certain = error instanceof api.Refusal && error.status < 500; // else something in between may have failed
      if (certain) key = api.randomKey();
      say(fault, certain ? refused(error) : `${error instanceof api.Refusal ? `Failed: ${error.message}.` : 'No answer came.'} It may have been carried out: look before you try again.`);
    } finally {
      sending = false;
      attr(confirm, 'aria-disabled', null);
    }
  });

  notice('');
  dialog.replaceChildren(form);
  dialog.showModal();
  reason.focus();
}

function refused(error) {
  if (error.status === 409) return `Refused: ${error.message}`;
  if (error.status === 401) return 'Refused: the token is not accepted any more. Reload the page.';
  return `Failed: ${error.message}`;
}

function notice(text) {
  say(byID('notice'), text);
  show(byID('notice'), true);
}
