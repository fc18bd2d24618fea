// Figures for people: times, spans, sizes, names of releases.

import { attr, el, say } from './element.js';

const number = new Intl.NumberFormat();
const clockTime = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
const dayTime = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });

export const count = (n) => number.format(n);

// time reads a moment; NaN where there is none. Go writes the year 1 for none.
export function time(text) {
  const t = text ? Date.parse(text) : NaN;
  return t > 0 ? t : NaN;
}

// span tells how long something takes, in one or two units.
export function span(ms) {
  if (!Number.isFinite(ms)) return '–';
  ms = Math.max(0, ms);
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  return wholeSpan(ms);
}

// wholeSpan is span for what is told anew each second: it does not flicker.
export function wholeSpan(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return `${s} s`;
  const m = Math.floor(s / 60);
  if (m < 60) return `${m} min ${String(s % 60).padStart(2, '0')} s`;
  const h = Math.floor(m / 60);
  if (h < 48) return `${h} h ${String(m % 60).padStart(2, '0')} min`;
  return `${Math.floor(h / 24)} d ${h % 24} h`;
}

export function ago(ms) {
  return ms < 1500 ? 'just now' : `${wholeSpan(ms)} ago`;
}

// clock tells a moment in local time, with the day where it is not today.
export function clock(t) {
  if (!Number.isFinite(t)) return '–';
  const sameDay = new Date(t).toDateString() === new Date().toDateString();
  return (sameDay ? clockTime : dayTime).format(t);
}

// moment makes a <time>, to be filled by setMoment.
export function moment(text) {
  const node = el('time');
  setMoment(node, text);
  return node;
}

export function setMoment(node, text) {
  const t = time(text);
  const iso = Number.isFinite(t) ? new Date(t).toISOString() : null;
  attr(node, 'datetime', iso);
  attr(node, 'title', iso);
  say(node, clock(t));
}

export function bytes(n) {
  if (!n) return '–';
  for (const unit of ['KiB', 'MiB', 'GiB', 'TiB']) {
    n /= 1024;
    if (n < 1000) return `${n < 100 ? n.toFixed(1) : Math.round(n)} ${unit}`;
  }
  return `${Math.round(n)} TiB`;
}

export function processor(seconds) {
  return seconds ? (seconds < 100 ? `${seconds.toFixed(1)} s` : wholeSpan(seconds * 1000)) : '–';
}

export const short = (digest) => (digest ? digest.slice(0, 10) : '');

// release names a release in a sentence: by its version where that is known.
export function release(r) {
  if (!r) return 'unknown';
  return r.version || short(r.digest) || 'unknown';
}

// both names a release by all that is known of it.
export function both(r) {
  if (!r || (!r.version && !r.digest)) return 'unknown';
  return r.version && r.digest ? `${r.version} (${short(r.digest)})` : release(r);
}
