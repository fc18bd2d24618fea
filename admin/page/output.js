// A fold for what a process wrote last on standard error.

import { el, say, show } from './element.js';

export function makeOutput() {
  return el('details', { class: 'fold output', hidden: true },
    el('summary', null, 'What it wrote last'),
    el('pre', { tabindex: '0', role: 'group', 'aria-label': 'What it wrote last' }));
}

// setOutput fills the fold; without a text there is none.
export function setOutput(node, text) {
  show(node, Boolean(text));
  say(node.lastChild, text);
}
