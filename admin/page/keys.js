// The keys. Single keys can be switched off, for who speaks to the machine.
// Source: WCAG 2.2, success criterion 2.1.4.

import { byID, el } from './element.js';
import { orderByKey, orderKeys } from './orders.js';

const stored = 'overseer-keys';

let on = true;
try {
  on = localStorage.getItem(stored) !== 'off';
} catch {
  // they are on until the page is left
}

export function listenToKeys() {
  byID('help').addEventListener('click', help);
  for (const dialog of document.querySelectorAll('dialog')) {
    dialog.addEventListener('click', (click) => {
      if (click.target === dialog) dialog.close(); // beside what it shows
    });
  }
  document.addEventListener('keydown', (press) => {
    if (!on || press.ctrlKey || press.metaKey || press.altKey || press.isComposing || press.repeat) return;
    if (press.target.closest('input, select, textarea, dialog')) return;
    if (act(press.key)) press.preventDefault();
  });
}

function act(key) {
  if (key === '?') help();
  else if (key === 't') byID('theme').click();
  else if (key === 'e') byID('filter').focus();
  else return orderByKey(key);
  return true;
}

function help() {
  const dialog = byID('keys');
  if (dialog.open) return;
  const keys = [...orderKeys(), ['t', 'Change the theme'], ['e', 'Filter the events'], ['?', 'This list'], ['↑ ↓', 'Walk the generations over time, when one has the focus'], ['Esc', 'Close, and change nothing']];
  const single = el('input', { type: 'checkbox', id: 'single' });
  single.checked = on;
  single.addEventListener('change', () => {
    on = single.checked;
    try {
      localStorage.setItem(stored, on ? 'on' : 'off');
    } catch {
      // it holds until the page is left
    }
  });
  dialog.replaceChildren(el('form', { method: 'dialog' },
    el('h2', { id: 'keys-title' }, 'Keyboard shortcuts'),
    el('dl', { class: 'keys' }, keys.map(([key, text]) => el('div', null, el('dt', null, el('kbd', null, key)), el('dd', null, text)))),
    el('label', { class: 'inline', for: 'single' }, single, ' Single keys act'),
    el('div', { class: 'buttons' }, el('button', { type: 'submit', class: 'main' }, 'Close'))));
  dialog.showModal();
}
