// A server on an inherited descriptor. The test writes a line before this, with
// the version and the fault.
'use strict';
const http = require('http');
const net = require('net');

let draining = false;

const server = http.createServer((request, response) => {
  const bad = FAULT === 'unhealthy' && request.url === '/healthz';
  const answer = () => {
    if (draining) response.setHeader('Connection', 'close');
    response.writeHead(bad ? 503 : 200, { 'X-Version': VERSION, 'Content-Type': 'text/plain' });
    response.end(VERSION + '\n');
  };
  request.url === '/slow' ? setTimeout(answer, 20) : answer();
});

if (FAULT === 'throws') throw new Error('no such module');
server.listen({ fd: 3 }, () => console.error('server', VERSION, process.pid, 'serves'));

// http.Server.close would close idle connections, whose client may be writing a
// request at this moment. That of net.Server ends accepting, and no more; each
// answer from now on tells its client to go elsewhere, and a connection that
// stays idle ends by keepAliveTimeout.
process.on('SIGTERM', () => {
  draining = true;
  net.Server.prototype.close.call(server);
});
