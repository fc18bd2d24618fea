// The table of generations.

import { attr, byID, el, keyed, say, show } from './element.js';
import { bytes, count, moment, processor, setMoment, short } from './figures.js';
import { makeOutput, setOutput } from './output.js';
import { setIcon } from './icons.js';
import { look, phaseIcon, phaseWord } from './phases.js';
import { generations, state } from './state.js';

// A column has a name, whether it holds figures, and what it shows.
const columns = [
  { name: 'Generation', head: true, figure: true, of: (g) => g.number },
  { name: 'Phase' },
  { name: 'Since' },
  { name: 'Version', of: (g) => g.release?.version || '–' },
  { name: 'Digest', mono: true, of: (g) => short(g.release?.digest) || '–', title: (g) => g.release?.digest },
  { name: 'Process', figure: true, of: (g) => g.pid || '–' },
  { name: 'Open', figure: true, of: (g) => (g.connections && g.phase !== 'gone' ? count(g.connections.open) : '–') },
  { name: 'Accepted', figure: true, of: (g) => (g.connections ? count(g.connections.accepted) : '–') },
  { name: 'Memory', figure: true, of: (g) => bytes(g.usage?.rss) },
  { name: 'Processor', figure: true, of: (g) => processor(g.usage?.cpu) },
  { name: 'Crashes', figure: true, of: (g) => g.restarts || '–', title: () => 'Ends of the program in a row before this start' },
  { name: 'End' },
];
const fewGone = 5;

let body;
let more;
let all = false;

export function drawGenerations() {
  if (!body) prepare();
  const known = generations();
  let gone = 0;
  const seen = known.filter((g) => g.phase !== 'gone' || all || ++gone <= fewGone);
  keyed(body, seen, (g) => g.number, makeRow, setRow);
  show(more, seen.length < known.length);
  say(more, `Show ${known.length - seen.length} more that have ended`);
}

// The roles are written out, as a narrow screen shows each row as a card, and a
// table that is laid out as something else is none any more for who hears it.
function prepare() {
  body = el('tbody', { role: 'rowgroup' });
  more = el('button', { type: 'button', class: 'quiet more', onclick: () => {
    all = true;
    drawGenerations();
  } });
  byID('generations').append(
    el('table', { class: 'generations', role: 'table', 'aria-labelledby': 'generations-title' },
      el('thead', { role: 'rowgroup' }, el('tr', { role: 'row' }, columns.map((c) => el('th', { scope: 'col', role: 'columnheader', class: c.figure ? 'figure' : null }, c.name)))),
      body),
    more);
}

function makeRow() {
  const cells = columns.map((c) => {
    const props = { class: [c.figure && 'figure', c.mono && 'mono'].filter(Boolean).join(' ') || null, 'data-name': c.name };
    return c.head ? el('th', { scope: 'row', role: 'rowheader', ...props }) : el('td', { role: 'cell', ...props });
  });
  const cell = (name) => cells[columns.findIndex((c) => c.name === name)];
  const parts = { phaseIcon: el('span', { class: 'phase-icon' }), phase: el('span'), since: moment(), exit: el('span'), output: makeOutput() };
  cell('Phase').append(el('span', { class: 'phase' }, parts.phaseIcon, parts.phase));
  cell('Since').append(parts.since);
  cell('End').append(parts.exit, parts.output);
  const row = el('tr', { role: 'row' }, cells);
  row.parts = parts;
  return row;
}

function setRow(row, g) {
  const how = look(g);
  attr(row, 'data-look', how);
  attr(row, 'data-live', g.number === state.status.live);
  columns.forEach((c, i) => {
    if (!c.of) return;
    const text = String(c.of(g));
    say(row.children[i], text);
    attr(row.children[i], 'data-empty', text === '–');
    attr(row.children[i], 'title', c.title?.(g));
  });
  const { parts } = row;
  setIcon(parts.phaseIcon, phaseIcon(how));
  say(parts.phase, how === 'coming' ? g.phase : how === 'failed' ? 'gone, never live' : phaseWord(how));
  setMoment(parts.since, g.since);
  attr(row.lastChild, 'data-empty', g.phase !== 'gone' && !g.output);
  say(parts.exit, g.exit || (g.phase === 'gone' ? 'ended' : '–'));
  setOutput(parts.output, g.output);
}
