// The stream of events and samples, for as long as the page is open: where it
// breaks off it is taken up again after the last event that came.

import * as api from './api.js';
import { messages } from './sse.js';

const silence = 20_000; // ms without a byte after which it is broken: a sign of life comes each 15 s
const first = 250; // ms before the second try
const slowest = 8_000; // ms between tries

// follow calls on.event, on.sample, and on.state with live, reconnecting or locked.
// It calls on.lost where the events before the next one are not kept any more, or
// the master counts them anew. It ends when the token is not accepted, and
// otherwise never.
export async function follow(after, on) {
  for (let tries = 0; ; tries++) {
    try {
      for await (const message of connect(after)) {
        if (message === 'open') {
          on.state('live');
          continue;
        }
        tries = 0;
        const data = JSON.parse(message.data);
        if (message.event === 'sample') on.sample(data);
        else if (message.event === 'event') {
          after = data.id;
          on.event(data);
        } else if (message.event === 'lost') {
          after = data.first - 1;
          on.lost();
        }
      }
    } catch (error) {
      if (error.status === 401 || error.status === 403) {
        on.state('locked', error);
        return;
      }
    }
    on.state('reconnecting');
    // Jitter: when a master comes back, its pages do not come all at once.
    const wait = Math.min(slowest, first * 2 ** tries);
    await new Promise((done) => setTimeout(done, wait * (0.5 + Math.random() / 2)));
  }
}

// connect yields "open", then the messages of one connection.
async function* connect(after) {
  const stop = new AbortController();
  let alarm;
  const alive = () => {
    clearTimeout(alarm);
    alarm = setTimeout(() => stop.abort(), silence);
  };
  alive();
  try {
    const response = await fetch(api.address(`events?samples=1&after=${after}`), {
      headers: api.headers({ Accept: 'text/event-stream', 'Last-Event-ID': String(after) }),
      cache: 'no-store',
      redirect: 'error',
      signal: stop.signal,
    });
    if (!response.ok) throw await api.refusal(response);
    yield 'open';
    for await (const message of messages(response.body)) {
      alive();
      if (message) yield message;
    }
  } finally {
    clearTimeout(alarm);
    stop.abort();
  }
}
