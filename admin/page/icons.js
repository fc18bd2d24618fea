// The icons: strokes on a grid of 24, in the colour of the text.

import { svg } from './element.js';

const paths = {
  check: ['M20 6 9 17l-5-5'],
  up: ['M12 19V5', 'm5 12 7-7 7 7'],
  turn: ['M20 11a8 8 0 0 0-14.5-3.5L3 10', 'M3 4v6h6', 'M4 13a8 8 0 0 0 14.5 3.5L21 14', 'M21 20v-6h-6'],
  glass: ['M6 3h12', 'M6 21h12', 'M7 3v3.5L12 12l5-5.5V3', 'M7 21v-3.5L12 12l5 5.5V21'],
  cross: ['M6 6l12 12', 'M18 6 6 18'],
  stop: ['M7 7h10v10H7z'],
  back: ['M9 14 4 9l5-5', 'M4 9h10a6 6 0 0 1 0 12h-3'],
  hold: ['M9 5v14', 'M15 5v14'],
  play: ['M8 5v14l11-7z'],
  start: ['M12 3v6', 'M18.4 6.6 14.5 10.5', 'M21 13h-6', 'M5.6 6.6l3.9 3.9', 'M3 13h6'],
  dot: ['M10.5 12a1.5 1.5 0 1 0 3 0 1.5 1.5 0 1 0-3 0'],
  warn: ['M12 4 2.5 20h19z', 'M12 10v4', 'M12 17v.01'],
};

export function icon(name) {
  return svg('svg', { class: 'icon', viewBox: '0 0 24 24', 'aria-hidden': 'true', focusable: 'false', 'data-icon': name },
    ...paths[name].map((d) => svg('path', { d })));
}

// setIcon puts an icon into a node, if it is another one.
export function setIcon(node, name) {
  if (node.firstElementChild?.dataset.icon !== name) node.replaceChildren(icon(name));
}
