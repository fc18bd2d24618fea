// The quarantine: releases that are not tried again, each with a way out of it.

import { attr, byID, el, keyed, say, show } from './element.js';
import { confirmOrder } from './dialog.js';
import { clock, moment, setMoment, short, time } from './figures.js';
import { state } from './state.js';

export function drawQuarantine() {
  keyed(byID('quarantine'), state.quarantine, (e) => e.digest, makeEntry, setEntry);
  show(byID('quarantine-none'), state.quarantine.length === 0);
}

function makeEntry(e) {
  const parts = { reason: el('p', { class: 'reason' }), since: moment(), until: el('span') };
  const button = el('button', { type: 'button', 'aria-label': `Forget ${versionOf(e.digest)}`, onclick: () => confirmOrder(forget(e)) }, 'Forget');
  const node = el('li', null,
    el('div', null, el('p', null, el('b', { title: e.digest }, versionOf(e.digest))), parts.reason, el('p', { class: 'soft' }, 'since ', parts.since, parts.until)),
    button);
  node.parts = { ...parts, button };
  return node;
}

function setEntry(node, e) {
  const until = time(e.until);
  say(node.parts.reason, e.reason);
  setMoment(node.parts.since, e.since);
  say(node.parts.until, Number.isFinite(until) ? ` until ${clock(until)}` : ', until it is forgotten');
  attr(node.parts.button, 'disabled', state.connection !== 'live');
}

function forget(e) {
  return {
    name: 'Forget',
    icon: 'play',
    always: true,
    will: () => `Release ${versionOf(e.digest)} may be fetched and tried again. It was put away because: ${e.reason || 'no reason was told'}`,
    request: () => ['DELETE', `quarantine/${encodeURIComponent(e.digest)}`],
  };
}

// versionOf names a digest by its version, where an attempt has told it.
function versionOf(digest) {
  const version = state.history.find((a) => a.to?.digest === digest)?.to.version;
  return version ? `${version} (${short(digest)})` : short(digest);
}
