// Blobs through the gateway: real stores, real TLS, the real executable.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { Agent, request } from 'node:https';
import type { IncomingHttpHeaders } from 'node:http';
import { after, before, describe, test, type TestContext } from 'node:test';
import { createEnv, tlsOf } from '../../kit/env.js';
import { isEvent, startGateway, type TestGateway } from '../../kit/gateway.js';
import { createTestPki } from '../../kit/pki.js';
import { ask, connectRaw, get } from '../../kit/raw-client.js';
import { eventually } from '../../kit/until.js';
import { startRecordingUpstream, type RecordingUpstream } from '../../kit/recording-upstream.js';
import type { BlobId } from '../../../dist/core/ids.js';
import { anyId, hashOf, makeStore, pathOf, pattern, put as putAs } from '../files/temp-store.js';

const pki = createTestPki();
const LEAF_BYTES = 8_388_608;
const SIZES = [1, 4096, 65_536, LEAF_BYTES - 1, LEAF_BYTES, LEAF_BYTES + 1, 2 * LEAF_BYTES + 4_711];

/** Puts a content where it belongs. */
function put(store: string, bytes: Uint8Array): BlobId {
  const { id } = hashOf(bytes);
  putAs(store, id, bytes);
  return id;
}

interface Reply {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

let upstream: RecordingUpstream;
const agent = new Agent({ ...tlsOf(pki.ada.desktop), rejectUnauthorized: false, keepAlive: true });
before(async () => (upstream = await startRecordingUpstream()));
after(async () => {
  agent.destroy();
  await upstream.close();
});

async function serve(t: TestContext, stores: readonly string[]): Promise<TestGateway> {
  const gateway = await startGateway(createEnv({ pki, couchUrl: upstream.url, stores }));
  t.after(async () => assert.equal(await gateway.stop(), 0));
  return gateway;
}

function fetchBlob(
  gateway: TestGateway,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '::1', port: gateway.port, path, method, headers, agent }, (reply) => {
      const pieces: Buffer[] = [];
      reply.on('data', (piece: Buffer) => pieces.push(piece));
      reply.on('end', () =>
        resolve({ status: reply.statusCode, headers: reply.headers, body: Buffer.concat(pieces) }),
      );
      reply.on('error', reject);
    });
    asked.on('error', reject);
    asked.end();
  });
}

/** What a process has open in a folder. */
const openBelow = (pid: number, folder: string): string[] =>
  readdirSync(`/proc/${pid}/fd`)
    .map((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`);
      } catch {
        // Closed meanwhile.
        return '';
      }
    })
    .filter((path) => path.startsWith(folder));

describe('a blob', () => {
  test('of every size around a leaf arrives whole, and by 200 random ranges', async (t) => {
    const store = makeStore(t);
    const blobs = SIZES.map((size, index) => {
      const bytes = pattern(size, index);
      return { bytes, id: put(store, bytes) };
    });
    const gateway = await serve(t, [store]);
    for (const { bytes, id } of blobs) {
      const whole = await fetchBlob(gateway, `/files/${id}`);
      assert.equal(whole.status, 200);
      assert.equal(whole.headers.etag, `"${id}"`);
      assert.equal(whole.headers['content-type'], 'application/octet-stream');
      assert.equal(whole.headers['accept-ranges'], 'bytes');
      assert.ok(whole.body.equals(bytes));
    }
    const { bytes, id } = blobs.at(-1) ?? { bytes: Buffer.alloc(0), id: '' };
    for (let round = 0; round < 200; round++) {
      const start = (round * 7_919_317) % bytes.length;
      const end = Math.min(bytes.length - 1, start + ((round * 104_729) % 300_000));
      const part = await fetchBlob(gateway, `/files/${id}`, { range: `bytes=${start}-${end}` });
      assert.equal(part.status, 206);
      assert.equal(part.headers['content-range'], `bytes ${start}-${end}/${bytes.length}`);
      assert.ok(part.body.equals(bytes.subarray(start, end + 1)));
    }
  });

  test('answers HEAD, preconditions, and ranges of every kind', async (t) => {
    const store = makeStore(t);
    const bytes = pattern(10_000);
    const id = put(store, bytes);
    const gateway = await serve(t, [store]);
    const path = `/files/${id}`;
    const tag = `"${id}"`;
    const rows: readonly [Record<string, string>, number, Buffer | null][] = [
      [{}, 200, bytes],
      [{ range: 'bytes=-100' }, 206, bytes.subarray(9_900)],
      [{ range: 'bytes=9999-' }, 206, bytes.subarray(9_999)],
      [{ range: 'bytes=10000-' }, 416, null],
      [{ range: 'bytes=0-1,5-6' }, 200, bytes],
      [{ range: 'lines=0-1' }, 200, bytes],
      [{ range: 'bytes=5-9', 'if-range': tag }, 206, bytes.subarray(5, 10)],
      [{ range: 'bytes=5-9', 'if-range': '"another"' }, 200, bytes],
      [{ 'if-none-match': tag }, 304, Buffer.alloc(0)],
      [{ 'if-none-match': '"another"' }, 200, bytes],
    ];
    for (const [headers, status, body] of rows) {
      const reply = await fetchBlob(gateway, path, headers);
      assert.equal(reply.status, status, JSON.stringify(headers));
      if (body !== null) assert.ok(reply.body.equals(body), JSON.stringify(headers));
      if (status === 416) assert.equal(reply.headers['content-range'], 'bytes */10000');
    }
    const head = await fetchBlob(gateway, path, {}, 'HEAD');
    assert.deepEqual([head.status, head.headers['content-length'], head.body.length], [200, '10000', 0]);
  });

  test('that is not here is 404, a bad id 400, another method 405, and the connection stays', async (t) => {
    const store = makeStore(t);
    const id = put(store, pattern(100));
    const gateway = await serve(t, [store]);
    const client = connectRaw(gateway.port, tlsOf(pki.ada.desktop));
    for (const target of [
      `/files/${anyId('missing')}`,
      '/files/bad',
      `/files/${id.toLowerCase()}`,
      '/files/../files',
      `/files/${id}`,
    ]) {
      client.write(get(target));
    }
    const seen = await client.until((bytes) => bytes.toString('latin1').split('HTTP/1.1 ').length > 5);
    const statuses = seen
      .toString('latin1')
      .split('HTTP/1.1 ')
      .slice(1)
      .map((reply) => reply.slice(0, 3));
    assert.deepEqual(statuses, ['404', '400', '400', '400', '200']);
    client.socket.destroy();
    const put405 = await ask(
      gateway.port,
      tlsOf(pki.ada.desktop),
      `DELETE /files/${id} HTTP/1.1\r\nHost: x\r\n\r\n`,
    );
    assert.deepEqual([put405?.status, put405?.headers.get('allow')], [405, 'HEAD, GET']);
  });

  test('is not held open once the answer is given, whatever the answer', async (t) => {
    const store = makeStore(t);
    const id = put(store, pattern(LEAF_BYTES));
    const gateway = await serve(t, [store]);
    const path = `/files/${id}`;
    const answers: [number, Record<string, string>, string?][] = [
      [200, {}],
      [200, {}, 'HEAD'],
      [206, { range: 'bytes=1-2' }],
      [304, { 'if-none-match': `"${id}"` }],
      [416, { range: `bytes=${LEAF_BYTES}-` }],
    ];
    for (const [status, headers, method] of answers) {
      assert.equal((await fetchBlob(gateway, path, headers, method)).status, status);
      await eventually(() => (openBelow(gateway.pid, store).length === 0 ? true : null));
    }
  });

  test('comes from the same store every time, and from the other when that is unplugged', async (t) => {
    const stores = [makeStore(t), makeStore(t)];
    const bytes = pattern(50_000);
    const [id] = stores.map((store) => put(store, bytes));
    const gateway = await serve(t, stores);
    const sameBytes = async (): Promise<boolean> =>
      (await fetchBlob(gateway, `/files/${id}`)).body.equals(bytes);
    assert.ok(await sameBytes());
    for (const store of stores) {
      renameSync(store, `${store}.away`);
      assert.ok(await sameBytes());
      renameSync(`${store}.away`, store);
    }
    for (const store of stores) renameSync(store, `${store}.away`);
    assert.equal((await fetchBlob(gateway, `/files/${id}`)).status, 404);
    for (const store of stores) renameSync(`${store}.away`, store);
    assert.ok(await sameBytes());
  });

  test('that cannot be looked for, since no more files can be opened, is 503 and a warning, and never 404', async (t) => {
    const store = makeStore(t);
    const id = put(store, pattern(5_000));
    const gateway = await serve(t, [store]);
    const statusOf = async (path: string): Promise<number | undefined> =>
      (await fetchBlob(gateway, path)).status;
    const paths = [`/files/${id}`, `/files/${anyId('missing')}`, `/files/${id}/leaves`];
    assert.deepEqual(await Promise.all(paths.map(statusOf)), [200, 404, 200]);
    const mayOpen = (count: number): Buffer =>
      execFileSync('prlimit', [`--pid=${gateway.pid}`, `--nofile=${count}:`]);
    mayOpen(3);
    // Over the connections that are there: no other would be taken.
    assert.deepEqual(await Promise.all(paths.map(statusOf)), [503, 503, 503]);
    await gateway.until(isEvent('warning', { code: 'out-of-files' }));
    mayOpen(1024);
    assert.deepEqual(await Promise.all(paths.map(statusOf)), [200, 404, 200]);
    assert.equal(gateway.seen.filter(isEvent('warning', { code: 'out-of-files' })).length, 1);
  });

  test('that shrinks while it is served ends the connection, and nothing is made up', async (t) => {
    const store = makeStore(t);
    const bytes = pattern(64 * 1024 * 1024);
    const id = put(store, bytes);
    const gateway = await serve(t, [store]);
    const client = connectRaw(gateway.port, tlsOf(pki.ada.desktop));
    client.write(get(`/files/${id}`));
    await client.until((received) => received.length > 100_000);
    client.socket.pause();
    truncateSync(pathOf(store, id), 32 * 1024 * 1024);
    client.socket.resume();
    await client.closed;
    const received = client.received();
    const body = received.subarray(received.indexOf('\r\n\r\n') + 4);
    assert.ok(body.length < bytes.length);
    assert.ok(body.equals(bytes.subarray(0, body.length)));
  });
});

describe('leaves', () => {
  test('are served with the size, from the sidecar or hashed, and always those of the id', async (t) => {
    const store = makeStore(t);
    const bytes = pattern(2 * LEAF_BYTES + 99);
    const { digests, id } = hashOf(bytes);
    put(store, bytes);
    const gateway = await serve(t, [store]);
    const fetched = async (): Promise<Reply> => fetchBlob(gateway, `/files/${id}/leaves`);
    const hashed = await fetched();
    assert.equal(hashed.headers['patchcord-size'], String(bytes.length));
    assert.ok(hashed.body.equals(digests));
    const sidecar = pathOf(store, id, 'leaves');
    mkdirSync(sidecar.slice(0, sidecar.lastIndexOf('/')), { recursive: true });
    writeFileSync(sidecar, Buffer.alloc(digests.length));
    const again = await serve(t, [store]);
    assert.ok(
      (await fetchBlob(again, `/files/${id}/leaves`)).body.equals(digests),
      'a sidecar that lies is not believed',
    );
  });

  test('of a corrupt blob are 404, and the launcher is warned', async (t) => {
    const store = makeStore(t);
    const id = put(store, pattern(5_000));
    writeFileSync(pathOf(store, id), pattern(5_000, 1));
    const gateway = await serve(t, [store]);
    assert.equal((await fetchBlob(gateway, `/files/${id}/leaves`)).status, 404);
    await gateway.until(isEvent('warning', { code: 'blob-corrupt' }));
  });
});

describe('have', () => {
  const have = (gateway: TestGateway, body: unknown): ReturnType<typeof ask> => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const head = `POST /files/have HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}`;
    return ask(gateway.port, tlsOf(pki.ada.desktop), `${head}\r\n\r\n${text}`);
  };

  test('names those that are here, in the order asked', async (t) => {
    const store = makeStore(t);
    const ids = [3, 1, 2].map((size) => put(store, pattern(size)));
    const gateway = await serve(t, [store]);
    const asked = [ids[2], anyId('missing'), ids[0], ids[1], ids[0]];
    const reply = await have(gateway, { ids: asked });
    assert.equal(reply?.status, 200);
    assert.deepEqual(JSON.parse(String(reply.body)), { have: [ids[2], ids[0], ids[1], ids[0]] });
    rmSync(pathOf(store, ids[0] ?? anyId('none')));
    assert.deepEqual(JSON.parse(String((await have(gateway, { ids: asked }))?.body)), {
      have: [ids[2], ids[1]],
    });
  });

  test('refuses what is not a list of at most 1,000 ids', async (t) => {
    const gateway = await serve(t, [makeStore(t)]);
    const id = anyId('one');
    assert.equal((await have(gateway, { ids: Array.from({ length: 1000 }, () => id) }))?.status, 200);
    for (const bad of [
      { ids: Array.from({ length: 1001 }, () => id) },
      { ids: ['x'] },
      { ids: id },
      { ids: [], more: 1 },
      [],
      '{',
    ]) {
      assert.equal((await have(gateway, bad))?.status, 400, JSON.stringify(bad).slice(0, 40));
    }
  });
});
