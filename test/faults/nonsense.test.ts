// A CouchDB that answers nonsense, and a source whose connections break in the middle of a replication: what asks them is
// told, and this process goes on. Both ended an `up` in a soak.
import assert from 'node:assert/strict';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { CouchError, createCouchClient } from '../../dist/adapters/couch-client/couch-client.js';
import { startPouchReplication } from '../../dist/adapters/replicator/pouch-replicator.js';
import { startEmbedded } from '../kit/upstreams.js';

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

test('answers that make no sense are told as that', async (t) => {
  let answer = '';
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(answer);
  });
  const client = createCouchClient(await listen(server), null);
  t.after(() => server.close());
  for (const nonsense of ['', '{}', '[]', '"x"', '{"results":1,"rows":1}', '<html>', '{"results":[']) {
    answer = nonsense;
    const questions = [
      () => client.changes('db', { since: 0, limit: 1 }),
      () => client.leafChanges('db', '0', 1),
      () => client.documents('db', ['a']),
      ...(nonsense === '[]' ? [] : [() => client.databases()]),
    ];
    for (const ask of questions) await assert.rejects(ask(), CouchError, nonsense);
  }
  answer = '{"results":[{"id":"a","changes":[],"doc":{"_id":"a"}}],"rows":[],"last_seq":"1-x"}';
  assert.equal((await client.changes('db', { since: 0, limit: 1 })).results[0]?.id, 'a');
});

test('a source that breaks while PouchDB asks for what it only shows: the replication goes on, and so does this process', async (t) => {
  const couch = await startEmbedded();
  const [from, to] = [await couch.createDatabase('from', {}), await couch.createDatabase('to', {})];
  await couch.ask('PUT', `/${from}/one`, { text: 'first' });
  let infos = 0;
  const server = createServer((asked, response) => {
    if (asked.method === 'GET' && asked.url === `/${from}/` && ++infos > 1) {
      asked.socket.destroy();
      return;
    }
    const { method, headers, url: path } = asked;
    const sent = request({ host: '127.0.0.1', port: couch.port, method, headers, path }, (reply) => {
      response.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(response);
    });
    sent.on('error', () => response.destroy());
    response.on('close', () => sent.destroy());
    asked.pipe(sent);
  });
  const url = await listen(server);
  t.after(async () => {
    server.closeAllConnections();
    server.close();
    await couch.close();
  });
  const end = (base: string, name: string) => ({ url: base + name, login: couch.admin, name });
  const replication = startPouchReplication({
    source: end(url, from),
    target: end(couch.url, to),
    selector: null,
    isWanted: () => true,
    batch: 10,
  });
  for (const id of ['one', 'two']) {
    if (id === 'two') await couch.ask('PUT', `/${from}/two`, { text: 'second' });
    while ((await couch.ask('GET', `/${to}/${id}`)).status !== 200)
      await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.ok(infos > 1, 'it never asked again');
  replication.cancel();
  await replication.ended;
});
