// The events: what the master has decided or learnt, the newest first.

import { byID, el, keyed, show } from './element.js';
import { moment, release, setMoment } from './figures.js';
import { setIcon } from './icons.js';
import { makeOutput, setOutput } from './output.js';
import { state } from './state.js';

export const groups = [
  ['generations', 'starting live trial failed slow uncovered unhealthy rolled-back exited killed gone respawn'],
  ['releases', 'fetched fetch-failed fetch-works nothing-new refused waiting deferred postponed committed uncommitted quarantined forgotten interrupted'],
  ['the master', 'started succession succeeded stays stopping remembered ignored log-level'],
  ['orders', 'restart-asked upgrade-asked rollback-asked held released'],
].map(([name, kinds]) => ({ name, kinds: kinds.split(' ') }));

const bad = new Set('failed uncovered unhealthy rolled-back exited killed respawn fetch-failed refused uncommitted quarantined interrupted stays'.split(' '));
const good = new Set('live committed succeeded fetch-works'.split(' '));
const page = 40;

let most = page;
let filter;

export function drawEvents() {
  if (!filter) prepare();
  offerKinds();
  const wanted = choice(filter.value);
  const found = state.events.toReversed().filter(wanted);
  keyed(byID('events'), found.slice(0, most), (e) => e.id, makeEvent, setEvent);
  show(byID('events-none'), found.length === 0);
  show(byID('events-more'), found.length > most);
}

function prepare() {
  filter = byID('filter');
  filter.append(el('option', { value: '' }, 'all'), el('option', { value: 'bad' }, 'what went wrong'), ...groups.map((g) => el('option', { value: `group ${g.name}` }, g.name)), el('optgroup', { label: 'One kind' }));
  filter.addEventListener('change', () => {
    most = page;
    drawEvents();
  });
  byID('events-more').addEventListener('click', () => {
    most += page;
    drawEvents();
  });
}

// offerKinds lets each kind be chosen that has come; new kinds may come with a new
// master.
function offerKinds() {
  const kinds = [...new Set(state.events.map((e) => e.kind))].sort();
  const chosen = filter.value;
  if (chosen.startsWith('kind ') && !kinds.includes(chosen.slice(5))) kinds.push(chosen.slice(5));
  keyed(filter.lastChild, kinds, (k) => k, (k) => el('option', { value: `kind ${k}` }, k), () => {});
}

function choice(value) {
  if (value === 'bad') return (e) => bad.has(e.kind);
  if (value.startsWith('kind ')) return (e) => e.kind === value.slice(5);
  const group = groups.find((g) => value === `group ${g.name}`);
  return group ? (e) => group.kinds.includes(e.kind) : () => true;
}

// An event never changes: it is filled when it is made.
function makeEvent(e) {
  const when = moment(e.time);
  const mark = el('span', { class: 'mark' });
  const tone = bad.has(e.kind) ? 'bad' : good.has(e.kind) ? 'good' : 'plain';
  setIcon(mark, { bad: 'warn', good: 'check', plain: 'dot' }[tone]);
  const about = [e.generation && `generation ${e.generation}`, (e.version || e.release) && release({ version: e.version, digest: e.release }), e.actor && `by ${e.actor}`].filter(Boolean).join(', ');
  const output = makeOutput();
  setOutput(output, e.output);
  return el('li', { 'data-tone': tone, 'data-id': e.id }, when, mark,
    el('div', null, el('p', null, el('b', null, e.kind), about && ` ${about}`), e.reason && el('p', { class: 'reason' }, e.reason), output));
}

// The day is told with a time that is not today's any more.
function setEvent(node, e) {
  setMoment(node.firstChild, e.time);
}
