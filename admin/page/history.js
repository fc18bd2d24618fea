// The history: each change of release that was tried, the newest first.

import { attr, byID, el, keyed, say, show } from './element.js';
import { both, moment, release, setMoment, span, time } from './figures.js';
import { setIcon } from './icons.js';
import { makeOutput, setOutput } from './output.js';
import { now, state } from './state.js';

const looks = {
  committed: { icon: 'check', tone: 'good' },
  'under way': { icon: 'turn', tone: 'busy' },
  'rolled back': { icon: 'back', tone: 'bad' },
  failed: { icon: 'cross', tone: 'bad' },
  refused: { icon: 'warn', tone: 'bad' },
  interrupted: { icon: 'stop', tone: 'warn' },
};

export function drawHistory() {
  keyed(byID('history'), state.history, (a) => a.began + (a.to?.digest ?? ''), makeAttempt, setAttempt);
  show(byID('history-none'), state.history.length === 0);
}

function makeAttempt() {
  const parts = {
    mark: el('span', { class: 'mark' }), result: el('b'), names: el('span'), when: moment(), took: el('span'), reason: el('span', { class: 'reason' }),
    about: el('p', { class: 'soft' }), steps: el('ol', { class: 'passed' }), output: makeOutput(),
  };
  const node = el('li', null,
    el('details', null,
      el('summary', null, parts.mark,
        el('span', { class: 'attempt' },
          el('span', { class: 'line' }, parts.result, ' ', parts.names),
          el('span', { class: 'words soft' }, parts.when, parts.took),
          parts.reason)),
      el('div', { class: 'inside' }, parts.about, parts.steps, parts.output)));
  node.parts = parts;
  return node;
}

function setAttempt(node, a) {
  const { parts } = node;
  const { icon, tone } = looks[a.result] ?? { icon: 'warn', tone: 'warn' };
  const began = time(a.began);
  const ended = time(a.ended);
  attr(node, 'data-tone', tone);
  setIcon(parts.mark, icon);
  say(parts.result, a.result);
  say(parts.names, `${release(a.from)} → ${release(a.to)}`);
  setMoment(parts.when, a.began);
  say(parts.took, Number.isFinite(ended) ? `, took ${span(ended - began)}` : `, for ${span(now() - began)}`);
  say(parts.reason, a.reason);
  show(parts.reason, Boolean(a.reason));
  say(parts.about, `From ${both(a.from)} to ${both(a.to)}${a.generation ? `, generation ${a.generation}` : ''}. ${a.actor ? `Asked for by ${a.actor}.` : 'By itself.'}`);
  keyed(parts.steps, (a.steps ?? []).map((s, i) => ({ ...s, i })), (s) => s.i, () => el('li', null, el('span'), el('span', { class: 'soft' })), (step, s) => {
    say(step.firstChild, s.kind);
    say(step.lastChild, `+${span(time(s.at) - began)}`);
  });
  setOutput(parts.output, a.output);
}
