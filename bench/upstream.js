// A stand-in for CouchDB that costs little: one document, a feed that says nothing, and who is asking.
//   node bench/upstream.js: tells its port by IPC
import { createServer } from 'node:http';

const DOCUMENT = JSON.stringify({
  _id: 'doc',
  _rev: '1-0123456789abcdef0123456789abcdef',
  text: 'x'.repeat(230),
});
const SESSION = JSON.stringify({ ok: true, userCtx: { name: 'patchcord-own', roles: [] } });

const server = createServer((request, response) => {
  const { url } = request;
  if (url.includes('_changes')) {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    return;
  }
  const body = url === '/_session' ? SESSION : url.endsWith('/_security') ? '{}' : DOCUMENT;
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
  response.end(body);
});
server.keepAliveTimeout = 0;
server.listen(0, '127.0.0.1', () => process.send(server.address().port));
process.on('disconnect', () => process.exit());
