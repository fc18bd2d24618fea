// Elements of the page. All text goes in as text nodes, so nothing that a program,
// a release or an operator has written is ever read as markup.

const svgNamespace = 'http://www.w3.org/2000/svg';

export const byID = (id) => document.getElementById(id);

// el makes an element. A property that begins with "on" is a listener; null and
// false leave an attribute out. There is no style attribute: the page's content
// security policy forbids it, so use classes, or node.style afterwards.
export function el(tag, props, ...children) {
  return complete(document.createElement(tag), props, children);
}

// svg is el for drawings.
export function svg(tag, props, ...children) {
  return complete(document.createElementNS(svgNamespace, tag), props, children);
}

function complete(node, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else attr(node, name, value);
  }
  node.append(...children.flat().filter((child) => child != null && child !== false));
  return node;
}

// say sets a text, if it is another one: what has not changed is not announced,
// selected text stays selected.
export function say(node, text) {
  text = String(text ?? '');
  if (node.textContent !== text) node.textContent = text;
}

// attr sets or removes an attribute, if that changes anything.
export function attr(node, name, value) {
  if (value == null || value === false) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value === true ? '' : value);
}

export function show(node, on) {
  if (node.hidden === on) node.hidden = !on;
}

// keyed keeps the children of a parent in step with items. A child stays the same
// element for as long as its item's key is there, so that focus, selection and
// what is unfolded survive an update.
export function keyed(parent, items, keyOf, make, update) {
  const had = parent.keyedNodes ?? new Map();
  const has = new Map();
  let place = parent.firstChild;
  for (const item of items) {
    const key = String(keyOf(item));
    if (has.has(key)) continue;
    const node = had.get(key) ?? make(item);
    has.set(key, node);
    if (node === place) place = place.nextSibling;
    else parent.insertBefore(node, place);
    update(node, item);
  }
  for (const [key, node] of had) if (!has.has(key)) node.remove();
  parent.keyedNodes = has;
}
