// The head: how the service is, in one word, and the facts beside it.

import { attr, byID, el, keyed, say } from './element.js';
import { ago, both, bytes, clock, count, processor, release, short, time, wholeSpan } from './figures.js';
import { setIcon } from './icons.js';
import { generation, now, state } from './state.js';

const conditions = {
  starting: { word: 'Starting', icon: 'start', tone: 'busy' },
  serving: { word: 'Serving', icon: 'check', tone: 'good' },
  restarting: { word: 'Restarting', icon: 'turn', tone: 'busy' },
  'on trial': { word: 'On trial', icon: 'glass', tone: 'busy' },
  down: { word: 'Down', icon: 'cross', tone: 'bad' },
  stopping: { word: 'Stopping', icon: 'stop', tone: 'warn' },
};

const patience = 6_000; // ms after which a master that is connected counts as silent

// drawLink tells how this page is connected, and where it hears nothing, since when.
export function drawLink() {
  const unheard = state.heard ? Date.now() - state.heard : 0;
  const how = state.connection === 'live' && unheard > patience ? 'silent' : state.connection;
  const stale = (how === 'reconnecting' || how === 'silent') && unheard > 0;
  attr(byID('link'), 'data-state', how);
  attr(document.body, 'data-stale', stale);
  say(byID('link-text'), how + (stale ? `, as of ${ago(unheard)}` : ''));
}

export function drawHead() {
  const s = state.status;
  const c = conditions[s.condition] ?? { word: s.condition, icon: 'warn', tone: 'warn' };
  const sentence = tell(s);
  say(byID('name'), s.name);
  say(byID('condition'), c.word);
  say(byID('sentence'), sentence);
  attr(document.body, 'data-tone', c.tone);
  setIcon(byID('condition-icon'), c.icon);
  document.title = `${c.word} · ${s.name}${s.live ? ` · generation ${s.live}` : ''}`;
  // Only a change of the words is announced, never a figure.
  say(byID('announce'), `${c.word}. ${sentence}`);
  drawIcon(c.tone);
  keyed(byID('facts'), facts(s), (f) => f.name, makeFact, setFact);
  keyed(byID('about'), about(s), (f) => f.name, makeFact, setFact);
}

// tell says in a sentence what the word means now.
function tell(s) {
  const coming = s.operation?.generation;
  switch (s.condition) {
    case 'serving':
      return `Generation ${s.live} is live. Nothing is under way.`;
    case 'starting':
      return 'The first generation comes up.';
    case 'restarting':
      return coming && coming !== s.live && s.live ? `Generation ${coming} comes up. ${s.live} serves meanwhile.` : 'Another generation comes up.';
    case 'on trial': {
      const standby = (s.generations ?? []).findLast((g) => g.phase === 'standby');
      return `Generation ${s.live} serves its probation.${standby ? ` ${standby.number} stands by.` : ''}`;
    }
    case 'down':
      return `No generation is live.${s.crashes > 1 ? ` It crashed ${s.crashes} times in a row.` : ''}`;
    case 'stopping':
      return 'Its end was asked for. Connections are served to their end.';
    default:
      return '';
  }
}

function facts(s) {
  const live = generation(s.live);
  const open = (state.samples.at(-1)?.generations ?? s.generations ?? []).map((g) => g.connections?.open).filter((n) => n != null);
  return [
    { name: 'Generation', value: s.live ? `${s.live}` : 'none', note: live?.pid ? `process ${live.pid}` : '' },
    { name: 'Release', value: live ? release(live.release) : '–', note: live?.release.version ? short(live.release.digest) : '', title: live?.release.digest },
    { name: 'Live for', value: live ? wholeSpan(now() - time(live.since)) : '–', note: `service up ${wholeSpan(now() - time(s.started))}` },
    { name: 'Connections', value: open.length ? count(open.reduce((a, b) => a + b, 0)) : live ? 'not counted' : '–', note: open.length ? 'open' : '' },
  ];
}

function about(s) {
  const usage = state.samples.at(-1)?.usage ?? s.usage;
  const all = [
    { name: 'Master', value: `process ${s.pid}`, note: `${bytes(usage?.rss)}, ${processor(usage?.cpu)} of processor time` },
    { name: 'Binary', value: s.binary },
    { name: 'Listens on', value: (s.addresses ?? []).join(', ') || 'nothing' },
    { name: 'Log level', value: s.log_level },
  ];
  if (s.source) {
    const { looked, next, error } = s.source;
    const parts = [looked ? `asked ${clock(time(looked))}` : 'not asked yet'];
    if (next) parts.push(`again ${clock(time(next))}`);
    if (error) parts.push(`failed: ${error}`);
    all.push({ name: 'Releases from', value: s.source.name, note: parts.join(', ') });
  }
  if (s.waiting) all.push({ name: 'Waiting release', value: both(s.waiting), note: s.waiting.why });
  return all;
}

function makeFact(f) {
  return el('div', null, el('dt', null, f.name), el('dd', null, el('span', { class: 'value' }), el('span', { class: 'note' })));
}

function setFact(node, f) {
  const [value, note] = node.lastChild.children;
  say(value, f.value);
  attr(value, 'title', f.title);
  say(note, f.note);
}

// drawIcon shows the tone in the browser's tab: filled while all is well, a ring
// where it is not, so that it is not told by colour alone.
let shown;
function drawIcon(tone) {
  if (tone === shown) return;
  shown = tone;
  const colour = { good: '%230b7a67', busy: '%232b5fb8', warn: '%23a15c00', bad: '%23c0271d' }[tone];
  const form = tone === 'good' ? `fill='${colour}'` : `fill='none' stroke='${colour}' stroke-width='4'`;
  document.querySelector('link[rel=icon]').href =
    `data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Ccircle cx='8' cy='8' r='5.5' ${form}/%3E%3C/svg%3E`;
}
