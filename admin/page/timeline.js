// The timeline: a row for each generation, a bar for each phase.

import { attr, byID, el, keyed, say } from './element.js';
import { clock, release, span, time } from './figures.js';
import { phases, phaseWord, stretches } from './phases.js';
import { generations, now, state } from './state.js';

const minute = 60_000;
const ranges = [
  { ms: 2 * minute, word: '2 minutes', ticks: [minute / 2, minute] },
  { ms: 15 * minute, word: '15 minutes', ticks: [3 * minute, 5 * minute] },
  { ms: 60 * minute, word: '1 hour', ticks: [10 * minute, 20 * minute] },
  { ms: 12 * 60 * minute, word: '12 hours', ticks: [120 * minute, 240 * minute] },
  { ms: 48 * 60 * minute, word: '2 days', ticks: [360 * minute, 720 * minute] },
  { ms: 14 * 1440 * minute, word: '14 days', ticks: [2880 * minute, 5760 * minute] },
];
const roomy = 560; // px from which there is room for the closer ticks
const mostRows = 10;

let rows;
let axis;
let range;
let shown = 0; // the generation in the readout; 0: the newest

export function drawTimeline() {
  if (!rows) prepare();
  const t = now();
  const width = ranges[range.value] ?? ranges[fitting(t)];
  const begin = t - width.ms;
  const seen = generations().filter((g) => stretches(g, t).at(-1).to >= begin).slice(0, mostRows);
  if (!seen.some((g) => g.number === shown)) shown = seen[0]?.number ?? 0;
  keyed(rows, seen, (g) => g.number, makeRow, (row, g) => setRow(row, g, begin, t));
  drawAxis(begin, t, width.ticks[axis.clientWidth < roomy ? 1 : 0]);
  const g = seen.find((g) => g.number === shown);
  say(byID('timeline-readout'), g ? tell(g, t) : 'No generation ran in this time.');
}

function prepare() {
  range = byID('range');
  range.append(el('option', { value: '' }, 'what fits'), ...ranges.map((r, i) => el('option', { value: i }, r.word)));
  range.addEventListener('change', drawTimeline);
  byID('timeline-legend').append(...phases.map((p) => el('li', null, el('span', { class: 'bar', 'data-look': p.name, 'aria-hidden': 'true' }), p.word)));
  rows = el('ul', { class: 'rows' });
  axis = el('div', { class: 'axis', 'aria-hidden': 'true' });
  byID('timeline').append(axis, rows);
  rows.addEventListener('keydown', walk);
}

// fitting returns the shortest range in which the last handover is seen whole.
function fitting(t) {
  const [newest, before] = generations();
  const since = time((before ? newest : null)?.started ?? state.status.started);
  const i = ranges.findIndex((r) => t - since < r.ms * 0.9);
  return i < 0 ? ranges.length - 1 : i;
}

function makeRow(g) {
  const pick = () => {
    shown = g.number;
    drawTimeline();
  };
  const track = el('button', { type: 'button', class: 'track', onfocus: pick, onclick: pick, onpointerenter: pick });
  return el('li', null, el('span', { class: 'row-name', 'aria-hidden': 'true' }, el('b'), el('span')), track);
}

function setRow(row, g, begin, end) {
  const [name, track] = row.children;
  say(name.firstChild, g.number);
  say(name.lastChild, release(g.release));
  attr(row, 'data-shown', g.number === shown);
  attr(track, 'aria-label', tell(g)); // without what grows: it would be told each second
  attr(track, 'tabindex', g.number === shown ? '0' : '-1'); // one stop for the tab key; arrows walk the rows
  const room = track.clientWidth;
  const bars = stretches(g, end).map((s, i) => ({ ...s, i })).filter((s) => s.to >= begin);
  keyed(track, bars, (b) => b.i, makeBar, (bar, b) => {
    const from = (Math.max(b.from, begin) - begin) / (end - begin);
    const to = (b.to - begin) / (end - begin);
    attr(bar, 'data-look', b.phase === 'gone' && b.look !== 'failed' ? 'gone' : b.look);
    attr(bar, 'title', `${phaseWord(b.look)}: ${clock(b.from)}`);
    bar.style.left = `${from * 100}%`;
    bar.style.width = `${(to - from) * 100}%`;
    const word = phaseWord(b.look);
    attr(bar.firstChild, 'data-word', (to - from) * room > 24 + 8 * word.length ? word : null);
  });
}

function makeBar() {
  return el('span', { class: 'bar' }, el('span'));
}

// tell says when each phase began, and how long it took; the last one counts up to
// a moment, where that is given.
function tell(g, t = NaN) {
  const parts = stretches(g, t).map((s) => {
    const word = s.look === 'coming' || s.phase === 'gone' ? s.phase : phaseWord(s.look);
    return s.to > s.from ? `${word} ${clock(s.from)} (${span(s.to - s.from)})` : `${word} ${clock(s.from)}`;
  });
  return `Generation ${g.number}, ${release(g.release)}: ${parts.join(', ')}`;
}

function walk(press) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[press.key];
  if (!step) return;
  const tracks = [...rows.querySelectorAll('.track')];
  const next = tracks[tracks.indexOf(document.activeElement) + step];
  if (!next) return;
  press.preventDefault();
  next.focus();
}

function drawAxis(begin, end, tick) {
  const zone = new Date(end).getTimezoneOffset() * minute; // ticks are on whole local hours
  const ticks = [];
  for (let t = Math.ceil((begin - zone) / tick) * tick + zone; t < end; t += tick) ticks.push(t);
  keyed(axis, ticks, (t) => t, () => el('span', { class: 'tick' }, el('span')), (node, t) => {
    const at = (t - begin) / (end - begin);
    node.style.left = `${at * 100}%`;
    say(node.firstChild, at > 0.93 || at < 0.04 ? '' : tickWord(t, tick)); // words stay inside
  });
}

function tickWord(t, tick) {
  const d = new Date(t);
  if (tick >= 1440 * minute || d.getHours() + d.getMinutes() === 0) return d.toLocaleDateString(undefined, { month: 'short', day: 'numeric' });
  return d.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit', second: tick < minute ? '2-digit' : undefined, hourCycle: 'h23' });
}
