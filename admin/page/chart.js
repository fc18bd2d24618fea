// A chart of lines over the last five minutes, drawn as SVG.

import { attr, el, keyed, say, svg } from './element.js';
import { count } from './figures.js';

const height = 150;
const margin = { left: 40, right: 54, top: 10, bottom: 22 };
export const window = 300_000; // ms

// makeChart returns a <figure>; drawChart fills it.
export function makeChart(title) {
  const caption = el('figcaption', null, el('b', null, title), el('span', { class: 'soft' }));
  const drawing = svg('svg', { role: 'img', class: 'chart', height });
  const parts = { caption: caption.lastChild, drawing };
  for (const name of ['grid', 'lines', 'labels', 'cursor']) {
    parts[name] = svg('g', { class: name });
    drawing.append(parts[name]);
  }
  const figure = el('figure', null, caption, drawing);
  figure.parts = parts;
  // The pointer asks for the figures of one moment; null: for those of now.
  figure.pointed = null;
  drawing.addEventListener('pointermove', (move) => {
    const box = drawing.getBoundingClientRect();
    figure.pointed = Math.min(1, Math.max(0, (move.clientX - box.left - margin.left) / (box.width - margin.left - margin.right)));
  });
  drawing.addEventListener('pointerleave', () => {
    figure.pointed = null;
  });
  return figure;
}

// drawChart draws series of { name, label, look, points: [[time, value or null]] }.
export function drawChart(figure, series, end, { describe, note }) {
  const { parts } = figure;
  const width = parts.drawing.clientWidth || 320;
  const top = ceiling(Math.max(0, ...series.flatMap((s) => s.points.map((p) => p[1] ?? 0))));
  const x = (t) => margin.left + (1 - (end - t) / window) * (width - margin.left - margin.right);
  const y = (v) => height - margin.bottom - (v / top) * (height - margin.top - margin.bottom);
  attr(parts.drawing, 'viewBox', `0 0 ${width} ${height}`);
  attr(parts.drawing, 'aria-label', describe);
  drawGrid(parts.grid, width, x, y, top, end);

  keyed(parts.lines, series, (s) => s.name, () => svg('path'), (path, s) => {
    attr(path, 'class', 'line');
    attr(path, 'data-look', s.look);
    attr(path, 'd', trace(s.points, x, y));
  });
  drawLabels(parts.labels, series, x, y);

  const at = figure.pointed == null ? null : end - window * (1 - figure.pointed);
  keyed(parts.cursor, at == null ? [] : [at], () => 'cursor', () => svg('line'), (line) => {
    for (const [name, value] of [['x1', x(at)], ['x2', x(at)], ['y1', margin.top], ['y2', height - margin.bottom]]) attr(line, name, value.toFixed(1));
  });
  say(parts.caption, note(at));
}

// trace makes the path of a line, which breaks off where a value is missing.
function trace(points, x, y) {
  let path = '';
  let pen = false;
  for (const [t, v] of points) {
    if (v == null) pen = false;
    else {
      path += `${pen ? 'L' : 'M'}${x(t).toFixed(1)} ${y(v).toFixed(1)}`;
      pen = true;
    }
  }
  return path;
}

function drawGrid(node, width, x, y, top, end) {
  const lines = [0, top / 2, top].map((v) => ({ key: `y${v / top}`, x1: margin.left, x2: width - margin.right, y1: y(v), y2: y(v), tx: margin.left - 8, ty: y(v) + 4, anchor: 'end', text: count(v) }));
  for (const m of width < 420 ? [5, 3, 1] : [5, 4, 3, 2, 1]) {
    const at = x(end - m * 60_000);
    lines.push({ key: `x${m}`, x1: at, x2: at, y1: height - margin.bottom, y2: height - margin.bottom + 4, tx: at, ty: height - 4, anchor: 'middle', text: `−${m} min` });
  }
  lines.push({ key: 'now', x1: x(end), x2: x(end), y1: height - margin.bottom, y2: height - margin.bottom + 4, tx: x(end), ty: height - 4, anchor: 'middle', text: 'now' });
  keyed(node, lines, (l) => l.key, () => svg('g', null, svg('line'), svg('text')), (g, l) => {
    const [line, text] = g.children;
    for (const name of ['x1', 'x2', 'y1', 'y2']) attr(line, name, l[name].toFixed(1));
    attr(text, 'x', l.tx.toFixed(1));
    attr(text, 'y', l.ty.toFixed(1));
    attr(text, 'text-anchor', l.anchor);
    say(text, l.text);
  });
}

// drawLabels names each line at its end, one below the other where they meet.
function drawLabels(node, series, x, y) {
  const ends = series.flatMap((s) => {
    const last = s.points.findLast((p) => p[1] != null);
    return last && s.label ? [{ name: s.name, text: s.label, look: s.look, x: x(last[0]) + 6, y: y(last[1]) + 4 }] : [];
  });
  ends.sort((a, b) => a.y - b.y);
  ends.forEach((e, i) => {
    const above = ends.slice(0, i).filter((o) => Math.abs(o.x - e.x) < 48).at(-1);
    if (above) e.y = Math.max(e.y, above.y + 14);
  });
  // What was pushed below the axis pushes the others up again.
  let floor = height - margin.bottom;
  for (const e of ends.toReversed()) {
    if (e.y <= floor) continue;
    e.y = floor;
    floor -= 14;
  }
  keyed(node, ends, (e) => e.name, () => svg('text'), (text, e) => {
    attr(text, 'data-look', e.look);
    attr(text, 'x', e.x.toFixed(1));
    attr(text, 'y', e.y.toFixed(1));
    say(text, e.text);
  });
}

// ceiling returns a round number that is not below v, of which the half is whole.
function ceiling(v) {
  for (let unit = 1; ; unit *= 10) {
    for (const n of [4, 6, 10, 16, 20, 30]) if (n * unit >= v * 1.05) return n * unit;
  }
}
