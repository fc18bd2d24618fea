// The phases of a generation, in words, and as stretches of time.

import { time } from './figures.js';

// The legend's order is that of a life.
export const phases = [
  { name: 'coming', word: 'coming up' },
  { name: 'trial', word: 'live, on trial' },
  { name: 'live', word: 'live' },
  { name: 'standby', word: 'standby' },
  { name: 'draining', word: 'draining' },
  { name: 'failed', word: 'ended, never live' },
];

const words = new Map(phases.map((p) => [p.name, p.word]));
const icons = { coming: 'start', trial: 'glass', live: 'check', standby: 'hold', draining: 'turn', gone: 'stop', failed: 'cross' };

export const phaseWord = (name) => words.get(name) ?? name;
export const phaseIcon = (name) => icons[name] ?? 'stop';

// look is how a phase of a generation is shown.
export function look(g, phase = g.phase) {
  if (phase === 'starting' || phase === 'ready' || phase === 'probed') return 'coming';
  if (phase === 'live' && g.on_trial) return 'trial';
  if (phase === 'gone' && !wasLive(g)) return 'failed';
  return phase;
}

export function wasLive(g) {
  return (g.phases ?? []).some((c) => c.phase === 'live');
}

// stretches returns the phases of a generation with their beginnings and ends; the
// last one of a generation that has not ended goes on until the moment given.
export function stretches(g, until) {
  const changes = g.phases?.length ? g.phases : [{ phase: g.phase, at: g.since ?? g.started }];
  return changes.map((change, i) => {
    const from = time(change.at);
    const to = i + 1 < changes.length ? time(changes[i + 1].at) : change.phase === 'gone' ? from : until;
    return { phase: change.phase, look: look(g, change.phase), from, to: Math.max(from, to) };
  });
}
