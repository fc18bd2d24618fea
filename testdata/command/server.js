// A server on an inherited descriptor. The test writes a line before this, with
// the version and the fault.
'use strict';
const http = require('http');

const server = http.createServer((request, response) => {
  const bad = FAULT === 'unhealthy' && request.url === '/healthz';
  const answer = () => {
    response.writeHead(bad ? 503 : 200, { 'X-Version': VERSION, 'Content-Type': 'text/plain' });
    response.end(VERSION + '\n');
  };
  request.url === '/slow' ? setTimeout(answer, 20) : answer();
});

if (FAULT === 'throws') throw new Error('no such module');
server.listen({ fd: 3 }, () => console.error('server', VERSION, process.pid, 'serves'));

// close ends accepting, and the process with it once the last request is
// answered: connections that are idle by then are closed.
process.on('SIGTERM', () => server.close());
