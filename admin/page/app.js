// The page: it reads the status, follows the events, and draws what it knows.

import * as api from './api.js';
import * as token from './token.js';
import { drawBanners } from './banners.js';
import { drawCharts } from './charts.js';
import { byID, show } from './element.js';
import { drawEvents } from './events.js';
import { drawGenerations } from './generations.js';
import { drawHead, drawLink } from './head.js';
import { drawHistory } from './history.js';
import { listenToKeys } from './keys.js';
import { askForToken } from './locked.js';
import { drawOrders } from './orders.js';
import { drawQuarantine } from './quarantine.js';
import { lastEvent, state, takeEvent, takeEvents, takeSample, takeStatus } from './state.js';
import { follow } from './stream.js';
import { drawTimeline } from './timeline.js';

const together = 120; // ms in which events share one look at the status
const anyway = 15_000; // ms after which the status is read without an event

const parts = [drawHead, drawBanners, drawOrders, drawTimeline, drawCharts, drawGenerations, drawHistory, drawEvents, drawQuarantine];

// draw draws at most once a frame. A hidden page draws nothing, and all of it when
// it is seen again.
let drawing = false;
function draw() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    drawLink();
    if (!state.status) return;
    show(byID('open'), true);
    for (const part of parts) part();
  });
}

// read reads what events do not carry.
async function read() {
  const [status, history, quarantine] = await Promise.all([api.get('status'), api.get('history?limit=50'), api.get('quarantine')]);
  takeStatus(status);
  state.history = history ?? [];
  state.quarantine = quarantine ?? [];
  draw();
}

// readSoon reads once for all that happens within moments. What happens while it
// reads has it read once more: the answer may be of before.
let reading = false;
let again = false;
async function readSoon() {
  again = true;
  if (reading) return;
  reading = true;
  while (again) {
    await pause(together);
    again = false;
    await read().catch(() => {}); // the stream notices what is broken
  }
  reading = false;
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

// readEvents reads the newest events.
async function readEvents() {
  const { events } = await api.get('events?limit=300');
  takeEvents(events ?? []);
}

function connection(name) {
  state.connection = name;
  if (name === 'live') readSoon();
  draw();
}

// open shows the page, or the form for the token where one is needed.
async function open() {
  for (let wait = 250; ; wait = Math.min(wait * 2, 8_000)) {
    try {
      await read();
      await readEvents();
      break;
    } catch (error) {
      if (error.status === 401 || error.status === 403) return locked(error);
      connection('reconnecting');
      await pause(wait * (0.5 + Math.random() / 2));
    }
  }
  show(byID('locked'), false);
  follow(Math.max(lastEvent(), state.status.event ?? 0), {
    state: (name, error) => (name === 'locked' ? locked(error) : connection(name)),
    event: (event) => {
      takeEvent(event);
      readSoon();
      draw();
    },
    sample: (sample) => {
      takeSample(sample);
      draw();
    },
    lost: () => takeEvents([]),
  });
}

function locked(error) {
  state.connection = 'locked';
  state.status = null;
  show(byID('open'), false);
  drawLink();
  askForToken(error, open);
}

token.take();
listenToKeys();
setInterval(() => state.status && draw(), 1000); // clocks go on
setInterval(() => state.connection === 'live' && !document.hidden && readSoon(), anyway);
addEventListener('hashchange', () => { // a token that is pasted into the address of an open page
  const had = token.current();
  token.take();
  if (token.current() !== had) location.reload();
});
open();
