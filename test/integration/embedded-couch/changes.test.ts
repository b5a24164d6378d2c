// `_changes`: filters by id, and feeds that end when they should.
import assert from 'node:assert/strict';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import { ADA, ADMIN, startTestCouch, type TestCouch } from '../../kit/embedded-couch.js';

let server: TestCouch;
const SELECTOR = { _id: { $regex: '^[^_]' } };

interface Changes {
  readonly results: readonly { readonly id: string; readonly seq: number; readonly changes: unknown[] }[];
  readonly last_seq: number;
}

before(async () => {
  server = await startTestCouch();
  await server.addUser(ADA);
  await server.createDatabase('feed', [ADA]);
  for (const id of ['a', 'b', 'c']) await server.ask('PUT', `/feed/${id}`, { as: ADA, body: { id } });
  await server.ask('PUT', '/feed/_design/app', { as: ADMIN, body: {} });
});
after(() => server.close());

async function changes(query: string, body?: unknown): Promise<Changes> {
  const asked = body === undefined ? { as: ADA } : { as: ADA, body };
  const answered = await server.ask(body === undefined ? 'GET' : 'POST', `/feed/_changes?${query}`, asked);
  assert.equal(answered.status, 200, JSON.stringify(answered.body));
  return answered.body as Changes;
}
const idsOf = ({ results }: Changes): string[] => results.map(({ id }) => id);

test('a normal feed lists what there is, from where it is asked, as far as it is asked', async () => {
  const all = await changes('');
  assert.deepEqual(idsOf(all), ['a', 'b', 'c', '_design/app']);
  assert.equal(all.last_seq, all.results.at(-1)?.seq);
  assert.deepEqual(idsOf(await changes(`since=${all.results[1]?.seq ?? ''}`)), ['c', '_design/app']);
  assert.deepEqual(idsOf(await changes('limit=2')), ['a', 'b']);
  assert.deepEqual(idsOf(await changes('limit=0')), ['a']);
  assert.deepEqual(idsOf(await changes('since=now')), []);
  assert.deepEqual(idsOf(await changes('descending=true')), ['_design/app', 'c', 'b', 'a']);
  const [row] = (await changes('include_docs=true&limit=1')).results as readonly { doc?: object }[];
  assert.ok(row?.doc);
});

test('filters by id: no design documents, only those, only the ids that are named', async () => {
  assert.deepEqual(idsOf(await changes('filter=_selector', { selector: SELECTOR })), ['a', 'b', 'c']);
  assert.deepEqual(idsOf(await changes('filter=_design')), ['_design/app']);
  assert.deepEqual(idsOf(await changes('filter=_doc_ids', { doc_ids: ['b', 'none'] })), ['b']);
  assert.deepEqual(idsOf(await changes(`filter=_doc_ids&doc_ids=${encodeURIComponent('["c"]')}`)), ['c']);
  // With nothing that passes, the last sequence is still that of the database: a puller need not look again.
  const none = await changes('filter=_doc_ids', { doc_ids: ['none'] });
  assert.deepEqual([idsOf(none), none.last_seq], [[], (await changes('')).last_seq]);
});

test('other filters and values are 400, and the server lives', async () => {
  const pid = server.pid();
  const ask = async (query: string, body?: unknown) => {
    const method = body === undefined ? 'GET' : 'POST';
    const { status } = await server.ask(method, `/feed/_changes?${query}`, {
      as: ADA,
      ...(body === undefined ? {} : { body }),
    });
    return status;
  };
  assert.equal(await ask('filter=_selector'), 400);
  assert.equal(await ask('filter=_selector', {}), 400);
  assert.equal(await ask('filter=_selector', { selector: { _id: { $regex: '.*' } } }), 400);
  assert.equal(await ask('filter=_view&view=app/all'), 400);
  assert.equal(await ask('filter=app/mine'), 400);
  assert.equal(await ask('filter=_doc_ids'), 400);
  assert.equal(await ask('filter=_doc_ids', { doc_ids: [5] }), 400);
  assert.equal(await ask('filter=_doc_ids&doc_ids=x'), 400);
  for (const query of [
    'feed=eventsource',
    'since=x',
    'limit=-1',
    'style=x',
    'heartbeat=x',
    'timeout=-1',
    'descending=1',
  ])
    assert.equal(await ask(query), 400, query);
  assert.equal(await ask('since=0&since=1'), 400);
  assert.equal(server.pid(), pid);
});

test('longpoll answers at once when there is something', async () => {
  assert.deepEqual(idsOf(await changes('feed=longpoll&since=0&limit=1')), ['a']);
});

test('longpoll ends empty after its timeout', async () => {
  const { last_seq: last } = await changes('');
  const empty = await changes('feed=longpoll&since=now&timeout=50');
  assert.deepEqual(empty.results, []);
  assert.equal(empty.last_seq, last);
});

test('longpoll waits for the first change that passes its filter', async () => {
  const { last_seq: since } = await changes('');
  const response = await server.open('POST', `/feed/_changes?feed=longpoll&filter=_selector&since=${since}`, {
    as: ADA,
    body: { selector: SELECTOR },
  });
  await server.ask('PUT', '/feed/_design/later', { as: ADMIN, body: {} });
  await server.ask('PUT', '/feed/later', { as: ADA, body: {} });
  assert.deepEqual(idsOf((await response.json()) as Changes), ['later']);
});

interface Feed {
  /** The next line; null when there is none any more. */
  next(): Promise<string | null>;
  stop(): void;
}

async function openFeed(query: string): Promise<Feed> {
  const stopping = new AbortController();
  const { signal } = stopping;
  const response = await server.open('GET', `/feed/_changes?feed=continuous&${query}`, { as: ADA, signal });
  assert.ok(response.body);
  const stream = Readable.fromWeb(response.body).on('error', () => undefined);
  const lines = createInterface({ input: stream })[Symbol.asyncIterator]();
  return {
    async next() {
      const line = await lines.next();
      return line.done === true ? null : line.value;
    },
    stop: () => stopping.abort(),
  };
}

test('a continuous feed tells of each change as it comes, and beats between them', async () => {
  const feed = await openFeed(`since=${(await changes('')).last_seq}&heartbeat=1000`);
  await server.ask('PUT', '/feed/one', { as: ADA, body: {} });
  assert.equal((JSON.parse((await feed.next()) ?? '') as { id: string }).id, 'one');
  assert.equal(await feed.next(), '');
  feed.stop();
});

test('a continuous feed ends after its limit, and after being idle', async () => {
  for (const query of ['since=0&limit=2', 'since=0&timeout=50']) {
    const feed = await openFeed(query);
    const lines: unknown[] = [];
    for (let line = await feed.next(); line !== null; line = await feed.next()) lines.push(JSON.parse(line));
    const last = lines.pop() as { last_seq: number };
    assert.equal(last.last_seq, (lines.at(-1) as { seq: number }).seq);
    assert.equal(lines.length, query.includes('limit') ? 2 : (await changes('')).results.length);
  }
});

test('a feed ends when its database is deleted, and when the server closes', async () => {
  const other = await startTestCouch();
  try {
    for (const name of ['gone', 'stays']) await other.createDatabase(name, []);
    const open = (name: string) =>
      other.open('GET', `/${name}/_changes?feed=continuous&heartbeat=60000`, { as: ADMIN });
    const [gone, stays] = [await open('gone'), await open('stays')];
    await other.ask('DELETE', '/gone', { as: ADMIN });
    await gone.text();
    const closed = other.close();
    await stays.text();
    await closed;
  } finally {
    await other.close().catch(() => undefined);
  }
});

test('many feeds at once, cut by their clients, leave the server as it was', async () => {
  const feeds = await Promise.all(Array.from({ length: 50 }, () => openFeed('since=now')));
  for (const feed of feeds) feed.stop();
  assert.equal((await changes('')).results.length > 0, true);
});
