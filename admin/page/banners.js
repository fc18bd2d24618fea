// The banners: what is under way, a hold, a crash loop, the release that was
// refused last.

import { attr, byID, el, keyed, say } from './element.js';
import { ago, both, clock, moment, setMoment, time, wholeSpan } from './figures.js';
import { icon } from './icons.js';
import { makeOutput, setOutput } from './output.js';
import { now, state } from './state.js';

export const stages = ['fetch', 'preflight', 'start', 'ready', 'probe', 'open', 'trial', 'commit'];
const kinds = { restart: 'Restart', upgrade: 'Upgrade', rollback: 'Rollback' };

export function drawBanners() {
  const s = state.status;
  const all = [];
  if (s.condition === 'down') all.push({ key: 'down', make: makeDown, set: setDown, of: s });
  if (s.operation) all.push({ key: 'operation', make: makeOperation, set: setOperation, of: s.operation });
  if (s.hold) all.push({ key: 'hold', make: makeHold, set: setHold, of: s.hold });
  if (s.refused) all.push({ key: `refused ${s.refused.began}`, make: makeRefused, set: setRefused, of: s.refused });
  keyed(byID('banners'), all, (b) => b.key, (b) => b.make(b.of), (node, b) => b.set(node.parts, b.of));
}

// banner makes one, with parts that are set later.
function banner(tone, name, title, parts, ...children) {
  const heading = el('h2', { class: 'banner-title' }, title);
  const node = el('section', { class: `banner ${tone}`, 'aria-label': title }, el('div', { class: 'banner-icon' }, icon(name)), el('div', { class: 'banner-body' }, heading, ...children));
  node.parts = { node, heading, ...parts };
  return node;
}

function makeOperation() {
  const text = el('p');
  const steps = el('ol', { class: 'steps' });
  return banner('busy', 'turn', 'Under way', { text, steps }, text, steps);
}

function setOperation(parts, o) {
  const title = `${kinds[o.kind] ?? o.kind} under way`;
  say(parts.heading, title);
  attr(parts.node, 'aria-label', title);
  const what = o.release?.digest || o.release?.version ? ` of ${both(o.release)}` : '';
  const which = o.generation ? `Generation ${o.generation}${what}. ` : what ? `The release${what.slice(3)}. ` : '';
  say(parts.text, `${which}${o.actor ? `Asked for by ${o.actor}.` : 'By itself.'}`);

  const all = stagesOf(o);
  const at = all.indexOf(o.stage);
  const since = time(o.since);
  const until = time(o.until);
  parts.steps.style.setProperty('--steps', all.length);
  keyed(parts.steps, all, (name) => name, makeStep, (node, name) => {
    const i = all.indexOf(name);
    const how = i < at ? 'done' : i === at ? 'now' : 'later';
    attr(node, 'data-step', how);
    attr(node, 'aria-current', i === at ? 'step' : null);
    const [bar, , note] = node.children;
    const left = until - now();
    say(note, i < at ? 'done' : i > at ? '' : Number.isFinite(left) ? `at most ${wholeSpan(left + 999)} left` : `for ${wholeSpan(now() - since)}`);
    const part = i < at ? 1 : i > at ? 0 : Number.isFinite(left) && until > since ? (now() - since) / (until - since) : 0.5;
    bar.firstChild.style.width = `${Math.min(100, Math.max(4 * (i === at), part * 100))}%`;
  });
}

// stagesOf returns the stages that an operation goes through, as far as that is
// known: a restart has no release to try, a rollback none to fetch.
function stagesOf(o) {
  const from = o.kind === 'upgrade' || o.stage === 'fetch' || o.stage === 'preflight' ? 'fetch' : 'start';
  const to = o.kind === 'restart' && o.stage !== 'trial' && o.stage !== 'commit' ? 'open' : 'commit';
  const all = stages.slice(stages.indexOf(from), stages.indexOf(to) + 1);
  return all.includes(o.stage) ? all : [...all, o.stage]; // a newer master may have more
}

function makeStep(name) {
  return el('li', null, el('span', { class: 'step-bar', 'aria-hidden': 'true' }, el('span')), el('span', { class: 'step-name' }, name), el('span', { class: 'step-note' }));
}

function makeDown() {
  const text = el('p');
  const output = makeOutput();
  return banner('bad', 'cross', 'Nothing serves', { text, output }, text, output);
}

function setDown(parts, s) {
  const last = (s.gone ?? []).at(-1);
  say(parts.text, last ? `Generation ${last.number} has ended${last.exit ? `: ${last.exit}` : ''}.` : 'No generation has become ready.');
  setOutput(parts.output, last?.output);
}

function makeHold() {
  const text = el('p');
  return banner('warn', 'hold', 'Automatic upgrades are held', { text }, text);
}

function setHold(parts, h) {
  const until = time(h.until);
  const end = Number.isFinite(until) ? `until ${clock(until)} (${wholeSpan(until - now())} left)` : 'until somebody releases them';
  say(parts.text, `By ${h.actor || 'somebody'} since ${clock(time(h.since))}, ${end}.${h.reason ? ` Reason: ${h.reason}` : ''}`);
}

const verdicts = { 'rolled back': 'was rolled back', failed: 'failed', refused: 'was refused', interrupted: 'was interrupted' };

function makeRefused() {
  const reason = el('p', { class: 'reason' });
  const when = moment();
  const ago = el('span');
  const text = el('span');
  const output = makeOutput();
  return banner('bad', 'warn', '', { reason, ago, text, when, output }, reason, el('p', { class: 'soft' }, ago, when, text), output);
}

function setRefused(parts, a) {
  const title = `Last release ${verdicts[a.result] ?? a.result}: ${both(a.to)}`;
  say(parts.heading, title);
  attr(parts.node, 'aria-label', title);
  say(parts.reason, a.reason || 'No reason was told.');
  const ended = a.ended ?? a.began;
  const live = (state.status.generations ?? []).find((g) => g.number === state.status.live);
  say(parts.ago, `${ago(now() - time(ended))}, at `);
  say(parts.text, live ? `. ${both(live.release)} serves.` : '.');
  setMoment(parts.when, ended);
  setOutput(parts.output, a.output);
}
