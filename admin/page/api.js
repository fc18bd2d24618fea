// The HTTP API of the master, as /v1/openapi.json describes it.

import * as token from './token.js';

// The page may be served below any path: the API is beside the folder of this file.
const base = new URL('../v1/', import.meta.url);
const patience = 10_000; // ms that an answer may take

// A Refusal is an answer other than success.
export class Refusal extends Error {
  constructor(status, message) {
    super(message || `the server answered ${status}`);
    this.status = status;
  }
}

export function headers(more) {
  const all = new Headers(more);
  if (token.current()) all.set('Authorization', `Bearer ${token.current()}`);
  return all;
}

export function address(path) {
  return new URL(path, base);
}

// call makes one request and returns what its answer holds. It throws a Refusal,
// or a TypeError or DOMException where there was no answer.
export async function call(method, path, { body, key } = {}) {
  const more = { Accept: 'application/json' };
  if (body) more['Content-Type'] = 'application/json';
  if (key) more['Idempotency-Key'] = key;
  const response = await fetch(address(path), {
    method,
    headers: headers(more),
    body: body && JSON.stringify(body),
    cache: 'no-store',
    credentials: 'same-origin',
    redirect: 'error',
    signal: AbortSignal.timeout(patience),
  });
  if (!response.ok) throw await refusal(response);
  return response.status === 204 ? null : response.json();
}

export async function refusal(response) {
  let message = '';
  try {
    message = (await response.json()).error;
  } catch {
    // what stands between may answer with something else than JSON
  }
  return new Refusal(response.status, message);
}

export const get = (path) => call('GET', path);

// randomKey names one confirmation. crypto.randomUUID would need a secure context,
// which an address in a private network is not.
export function randomKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('');
}
