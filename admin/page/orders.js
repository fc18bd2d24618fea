// The orders: which there are, whether they can be carried out now, and if not why.

import { attr, byID, el, keyed, say } from './element.js';
import { confirmOrder } from './dialog.js';
import { both } from './figures.js';
import { icon } from './icons.js';
import { generation, state } from './state.js';

// Each order says what it is called, its key, what stands in its way (empty:
// nothing), and what it will do. What is done whichever generation is live has
// always.
const orders = [
  {
    id: 'restart', name: 'Restart', icon: 'turn', key: 'r',
    hindrance: busy,
    will: (s) => (s.live ? `A new generation is started beside ${s.live}, and takes over when it is ready. No connection is lost.` : 'A new generation is started.'),
    short: () => 'Same release, new process',
    request: () => ['POST', 'restart'],
  },
  {
    id: 'upgrade', name: 'Upgrade now', icon: 'up', key: 'u',
    hindrance: (s) => busy(s) || (s.hold ? 'Upgrades are held: release the hold first.' : s.source || s.waiting ? '' : 'It has no source of releases.'),
    will: (s) =>
      (s.waiting ? `Release ${both(s.waiting)}, which waits, is tried now.` : `The source (${s.source.name}) is asked now, and a new release is tried.`) +
      ' It gets traffic when its probe has passed, and is put back if it fails its probation.',
    short: (s) => (s.waiting ? `Try ${both(s.waiting)}, which waits` : 'Ask the source, try what is new'),
    request: () => ['POST', 'upgrade'],
  },
  {
    id: 'standby', name: 'Roll back to standby', icon: 'back', key: 'b',
    hindrance: (s) => lost() || ((s.rollback ?? []).includes('standby') ? '' : 'No generation stands by.'),
    will: (s) =>
      (standby(s)
        ? `Generation ${standby(s).number} of ${both(standby(s).release)}, which stands by, is put back at once.`
        : `Generation ${s.operation?.generation ?? ''}, which comes up, is given up.${s.live ? ` ${s.live} goes on.` : ''}`) +
      ` ${both(tried(s))} goes into quarantine.`,
    short: (s) => (standby(s) ? `${both(standby(s).release)}, at once` : 'Give up what comes up'),
    request: () => ['POST', 'rollback', { to: 'standby' }],
  },
  {
    id: 'previous', name: 'Roll back to previous', icon: 'back', key: 'p',
    hindrance: (s) => lost() || ((s.rollback ?? []).includes('previous') ? '' : busy(s) || 'No previous release is kept.'),
    will: () => 'The release that was installed before is started beside the live one, and serves a probation like any other.',
    short: () => 'Installed before; it is probed first',
    request: () => ['POST', 'rollback', { to: 'previous' }],
  },
  {
    id: 'hold', name: 'Hold upgrades', icon: 'hold', key: 'h', lasts: true, always: true,
    hidden: (s) => Boolean(s.hold),
    hindrance: (s) => lost() || (s.source ? '' : 'There are no automatic upgrades.'),
    will: () => 'No release is fetched or tried by itself until then. What is under way goes on.',
    short: () => 'Try nothing by itself for a while',
    request: ({ until }) => ['PUT', 'hold', until ? { until } : {}],
  },
  {
    id: 'release', name: 'Release the hold', icon: 'play', key: 'h', always: true,
    hidden: (s) => !s.hold,
    hindrance: lost,
    will: (s) => `Automatic upgrades go on.${s.hold?.reason ? ` They were held because: ${s.hold.reason}` : ''}`,
    short: () => 'Automatic upgrades go on',
    request: () => ['DELETE', 'hold'],
  },
];

function lost() {
  if (state.connection !== 'live') return 'The page is not connected.';
  return state.status.condition === 'stopping' ? 'The service is stopping.' : '';
}

function busy(s) {
  return lost() || (s.operation && !early.has(s.operation.stage) ? `${article(s.operation.kind)} is under way.` : '');
}

// early are the stages in which nothing has been started yet.
const early = new Set(['fetch', 'preflight']);

const article = (kind) => (kind === 'upgrade' ? 'An upgrade' : `A ${kind}`);
// tried is the release that a rollback to standby puts away.
const tried = (s) => s.operation?.release ?? generation(s.live)?.release;
const standby = (s) => (s.generations ?? []).findLast((g) => g.phase === 'standby');

const offered = () => orders.filter((o) => !o.hidden?.(state.status));

export function drawOrders() {
  keyed(byID('orders'), offered(), (o) => o.id, makeOrder, (node, o) => {
    const hindrance = o.hindrance(state.status);
    const [button, text] = node.children;
    // Not the attribute disabled: it would take the focus from who stands on it,
    // and the reason from who hears the page.
    attr(button, 'aria-disabled', hindrance ? 'true' : null);
    say(text, hindrance || o.short(state.status));
  });
}

function makeOrder(o) {
  const text = `order-${o.id}-text`;
  return el('li', null,
    el('button', { type: 'button', id: `order-${o.id}`, 'aria-describedby': text, 'aria-keyshortcuts': o.key, onclick: () => give(o) }, icon(o.icon), el('span', null, o.name)),
    el('p', { id: text }));
}

function give(o) {
  if (!o.hindrance(state.status)) confirmOrder(o);
}

// orderByKey gives the order of a key, if that can be carried out now.
export function orderByKey(key) {
  const order = state.status && offered().find((o) => o.key === key);
  if (order) give(order);
  return Boolean(order);
}

export const orderKeys = () => orders.filter((o) => o.id !== 'release').map((o) => [o.key, o.id === 'hold' ? 'Hold upgrades, or release the hold' : o.name]);
