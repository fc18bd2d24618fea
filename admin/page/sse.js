// Server-sent events from a fetched body. EventSource cannot send a token.
// Source: HTML standard, section 9.2.6, "Interpreting an event stream".

const longest = 1 << 20; // characters of one message; more is no stream of ours

// messages yields { id, event, data } for each message of a body, until it ends,
// and null for a comment, which is a sign of life.
export async function* messages(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  let message = { event: 'message', data: [] };
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      rest += value;
      if (rest.length > longest) throw new Error('a line of the event stream is too long');
      // A CR at the end may be half of a CRLF: it waits for what follows.
      const lines = rest.split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop();
      for (const line of lines) {
        if (line.startsWith(':')) {
          yield null;
          continue;
        }
        if (line !== '') {
          take(message, line);
          continue;
        }
        if (message.data.length) yield { ...message, data: message.data.join('\n') };
        message = { event: 'message', data: [] };
      }
    }
  } finally {
    reader.cancel().catch(() => {}); // it may be broken already
  }
}

// take adds one line to a message.
function take(message, line) {
  const colon = line.indexOf(':');
  const field = colon < 0 ? line : line.slice(0, colon);
  const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
  if (field === 'data') message.data.push(value);
  else if (field === 'event') message.event = value;
  else if (field === 'id') message.id = value;
}
