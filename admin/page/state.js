// What the page knows. It is bounded: a page that is open for weeks does not grow.

import { time } from './figures.js';

const mostEvents = 1000;
const leap = 10_000; // ms between samples that say nothing of what was in between
const mostSamples = 301; // five minutes of one a second, and the one before

export const state = {
  status: null,
  history: [],
  quarantine: [],
  events: [], // oldest first
  samples: [], // oldest first
  connection: 'connecting', // connecting, live, reconnecting, locked
  heard: 0, // when the master was heard last, by this machine's clock
  ahead: 0, // ms by which the master's clock is ahead of this machine's
};

// now is the master's time. All spans are told by it.
export const now = () => Date.now() + state.ahead;

export function takeStatus(status) {
  state.status = status;
  state.heard = Date.now();
  const t = time(status.time);
  if (Number.isFinite(t)) state.ahead = t - Date.now();
}

export function takeEvent(event) {
  if (event.id <= lastEvent()) return;
  state.events.push(event);
  if (state.events.length > mostEvents) state.events.splice(0, state.events.length - mostEvents);
}

export function takeEvents(events) {
  state.events = events.slice(-mostEvents);
}

export const lastEvent = () => state.events.at(-1)?.id ?? 0;

export function takeSample(sample) {
  state.heard = Date.now();
  sample.at = time(sample.time);
  const last = state.samples.at(-1);
  if (last && sample.at <= last.at) {
    if (last.at - sample.at < leap) return;
    state.samples = []; // the master's clock was set back
  }
  sample.rate = rate(state.samples.at(-1), sample);
  state.samples.push(sample);
  if (state.samples.length > mostSamples) state.samples.shift();
}

// rate is how many connections were accepted per second between two samples; null
// where that is not known.
function rate(before, after) {
  if (!before || after.at - before.at > leap) return null;
  const had = new Map((before.generations ?? []).map((g) => [g.number, g.connections?.accepted ?? 0]));
  let accepted = 0;
  let counted = false;
  for (const g of after.generations ?? []) {
    if (!g.connections) continue;
    counted = true;
    accepted += Math.max(0, g.connections.accepted - (had.get(g.number) ?? 0));
  }
  return counted ? accepted / ((after.at - before.at) / 1000) : null;
}

// generations returns all that the status has, newest first, with the figures of
// the newest sample.
export function generations() {
  const s = state.status;
  const newest = new Map((state.samples.at(-1)?.generations ?? []).map((g) => [g.number, g]));
  const all = [...(s.gone ?? []), ...(s.generations ?? [])].map((g) => {
    const sample = g.phase === 'gone' ? null : newest.get(g.number);
    return sample ? { ...g, connections: sample.connections ?? g.connections, usage: sample.usage ?? g.usage } : g;
  });
  return all.sort((a, b) => b.number - a.number);
}

export const generation = (n) => generations().find((g) => g.number === n);
