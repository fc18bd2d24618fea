// The charts: open connections of each generation, and how many are accepted.

import { byID, el } from './element.js';
import { clock, count } from './figures.js';
import { drawChart, makeChart, window } from './chart.js';
import { look } from './phases.js';
import { generation, now, state } from './state.js';

const step = 15_000; // ms between rows of the table

let open;
let accepted;
let tabled = 0; // when the table was made

export function drawCharts() {
  if (!open) {
    open = makeChart('Open');
    accepted = makeChart('Accepted per second');
    byID('charts').append(open, accepted);
    byID('chart-table').addEventListener('toggle', () => {
      tabled = 0;
      drawTable();
    });
  }
  const samples = state.samples;
  // Time goes on only while samples come, so that a line that stands still is not
  // taken for one that is flat.
  const end = samples.at(-1)?.at ?? now();
  const numbers = counted(samples.filter((s) => s.at >= end - window));
  const series = numbers.map((n) => ({
    name: n,
    label: `gen ${n}`,
    look: n === state.status.live ? 'live' : look(generation(n) ?? { phase: 'gone', phases: [{ phase: 'live' }] }),
    points: samples.map((s) => [s.at, openOf(s, n)]),
  }));
  const rates = samples.map((s) => [s.at, s.rate]);
  const last = samples.at(-1);
  const none = numbers.length ? '' : samples.length ? 'The program does not count its connections.' : 'Waiting for the first figures.';

  drawChart(open, series, end, {
    describe: none || `Open connections: ${sentence(last, numbers)}. The table below has the figures.`,
    note: (at) => none || telling(at, (s) => sentence(s, numbers)),
  });
  drawChart(accepted, numbers.length ? [{ name: 'rate', look: 'live', points: rates }] : [], end, {
    describe: none || `Connections accepted per second: ${rateWord(last)} now. The table below has the figures.`,
    note: (at) => none || telling(at, rateWord),
  });
  drawTable(numbers);
}

// counted returns the generations that have counted connections, oldest first.
function counted(samples) {
  const all = new Set();
  for (const s of samples) for (const g of s.generations ?? []) if (g.connections) all.add(g.number);
  return [...all].sort((a, b) => a - b);
}

const openOf = (sample, n) => (sample?.generations ?? []).find((g) => g.number === n)?.connections?.open ?? null;

function sentence(sample, numbers) {
  return numbers.filter((n) => openOf(sample, n) != null).map((n) => `generation ${n}: ${count(openOf(sample, n))}`).join(', ') || 'none';
}

function rateWord(sample) {
  const rate = sample?.rate;
  return rate == null ? 'not known yet' : rate < 10 && rate % 1 ? rate.toFixed(1) : count(Math.round(rate));
}

// telling says what a moment had; where none is pointed at, what is now.
function telling(at, word) {
  const samples = state.samples;
  if (at == null) return `now ${word(samples.at(-1))}`;
  const near = samples.reduce((best, s) => (Math.abs(s.at - at) < Math.abs(best.at - at) ? s : best), samples[0]);
  return `${clock(near.at)} ${word(near)}`;
}

function drawTable(numbers = counted(state.samples)) {
  if (!byID('chart-table').open) return;
  const newest = state.samples.at(-1)?.at ?? 0;
  if (newest - tabled < step && tabled) return;
  tabled = newest;
  const picked = [];
  for (const s of state.samples.toReversed()) if (!picked.length || picked.at(-1).at - s.at >= step - 500) picked.push(s);
  byID('chart-rows').replaceChildren(
    el('table', null,
      el('caption', { class: 'unseen' }, 'Open connections of each generation and connections accepted per second'),
      el('thead', null, el('tr', null, ['Time', ...numbers.map((n) => `Generation ${n}, open`), 'Accepted per second'].map((t) => el('th', { scope: 'col' }, t)))),
      el('tbody', null, picked.map((s) =>
        el('tr', null, el('th', { scope: 'row' }, clock(s.at)), numbers.map((n) => el('td', null, openOf(s, n) == null ? '–' : count(openOf(s, n)))), el('td', null, rateWord(s)))))));
}
