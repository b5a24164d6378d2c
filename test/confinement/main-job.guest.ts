// The whole main job of a gateway under its profile, on a kernel that enforces it, and at the end not one denial in that
// kernel's log. The peer is at the other end of a cable, in a network namespace of its own.
import assert from 'node:assert/strict';
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { hashOf, pattern, put } from '../integration/files/temp-store.js';
import { couchEnv } from '../kit/household.js';
import { isEvent, startGateway, type TestGateway } from '../kit/gateway.js';
import { createFarExecutable, type FarExecutable } from '../kit/netns-gateway.js';
import { createOtherEnd, ip, plugCable, type OtherEnd } from '../kit/netns.js';
import { beginJoin, openOffer, untilPair } from '../kit/pairing.js';
import { createTestPki } from '../kit/pki.js';
import { createPouchFolder, httpPouch } from '../kit/pouch.js';
import { authorization, identityOf, startStreams, TOKEN, type StreamsClient } from '../kit/streams.js';
import { eventually } from '../kit/until.js';
import { startEmbedded, type Login, type TestUpstream } from '../kit/upstreams.js';
import { LIBRARY_DOCUMENTS } from './documents.js';
import type { FarPlan, FarResult } from './far-client.js';
import { clearDenials, readDenials } from './kernel-log.js';

const STORE = '/media/ada/disk-1';
const PROFILE = 'apparmor:patchcord-gateway';
const pki = createTestPki();
const { laptop, desktop } = pki.ada;
const blob = pattern(700_000);
const { id, digests } = hashOf(blob);
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

interface FarCouch {
  readonly url: string;
  readonly login: Login;
  readonly database: string;
}

/** A database in the namespace of the other end. */
async function startFarCouch(other: OtherEnd): Promise<FarCouch & { end(): void }> {
  const enter = [`--net=/proc/${other.pid}/ns/net`, process.execPath, script('./far-couch.js')];
  const child: ChildProcessWithoutNullStreams = spawn('nsenter', enter);
  child.stderr.pipe(process.stderr);
  for await (const line of createInterface({ input: child.stdout }))
    return { ...(JSON.parse(line) as FarCouch), end: () => void child.stdin.end() };
  throw new Error('the far database did not start');
}

describe('a confined gateway', () => {
  let other: OtherEnd;
  let upstream: TestUpstream;
  let database: string;
  let farCouch: Awaited<ReturnType<typeof startFarCouch>>;
  let far: TestGateway;
  let farExecutable: FarExecutable;
  let streams: StreamsClient;
  let near: TestGateway;

  before(async () => {
    mkdirSync(`${STORE}/.dmedia/files`, { recursive: true });
    put(STORE, id, blob);
    other = await createOtherEnd();
    other.ip('link set lo up');
    plugCable('near0', 'far0', other);
    upstream = await startEmbedded();
    const login = await upstream.createUser('own');
    database = await upstream.createDatabase('dmedia-0', { members: [login] });
    await upstream.ask('POST', `/${database}/_bulk_docs`, { docs: LIBRARY_DOCUMENTS });
    farCouch = await startFarCouch(other);
    farExecutable = createFarExecutable(other);
    far = await startGateway(
      {
        ...couchEnv({ ...farCouch, pki, databases: [{ name: farCouch.database, access: 'write' }] }),
        identity: identityOf(pki, desktop, "Ada's desktop"),
        listen: { on: ['far0'] },
      },
      { executable: farExecutable.path },
    );
    clearDenials();
    const databases = [{ name: database, access: 'write' }];
    streams = await startStreams(
      {
        ...couchEnv({ pki, url: upstream.url, login, databases, stores: [STORE], files: 'all' }),
        listen: { on: ['near0'] },
        discovery: { known: [desktop.deviceId] },
        peerStreams: { port: 0, tokens: { tests: TOKEN } },
      },
      { requireConfinement: true },
    );
    near = streams.gateway;
  });
  after(async () => {
    await far.stop();
    farCouch.end();
    farExecutable.remove();
    await upstream.close();
    other.close();
  });

  const fromFar = async (plan: Pick<FarPlan, 'asks' | 'pull'>): Promise<FarResult> => {
    const [listener] = near.ready.listeners;
    assert.ok(listener);
    const whole: FarPlan = {
      address: listener.address,
      zone: 'far0',
      port: listener.port,
      cert: desktop.certPem,
      key: desktop.keyPem,
      ca: pki.ada.ca.certPem,
      name: `${laptop.deviceId}.patchcord.internal`,
      ...plan,
    };
    return JSON.parse(await other.run(script('./far-client.js'), JSON.stringify(whole))) as FarResult;
  };

  test('says that it is, and status agrees', async () => {
    assert.ok(near.ready.confinedBy.includes(PROFILE), near.ready.confinedBy.join());
    const status = (await near.call('status')) as { confinedBy: string[]; stores: { present: boolean }[] };
    assert.deepEqual(status.confinedBy, near.ready.confinedBy);
    assert.deepEqual(
      status.stores.map(({ present }) => present),
      [true],
    );
  });

  test('serves over mutual TLS at a link-local address: itself, blobs, ranges, leaves, documents', async () => {
    const { replies } = await fromFar({
      asks: [
        { method: 'GET', path: '/' },
        { method: 'GET', path: `/files/${id}` },
        { method: 'GET', path: `/files/${id}`, headers: { range: 'bytes=500000-500015' } },
        { method: 'GET', path: `/files/${id}/leaves` },
        { method: 'POST', path: '/files/have', body: JSON.stringify({ ids: [id] }) },
        { method: 'PUT', path: `/couch/${database}/written`, body: '{}' },
        { method: 'GET', path: `/couch/${database}/written` },
      ],
    });
    assert.deepEqual(
      replies.map(({ status }) => status),
      [200, 200, 206, 200, 200, 201, 200],
    );
    assert.equal(replies[1]?.sha256, sha256(blob));
    assert.equal(replies[2]?.sha256, sha256(blob.subarray(500_000, 500_016)));
    assert.equal(replies[3]?.sha256, sha256(digests));
    assert.deepEqual(JSON.parse(replies[4]?.body ?? ''), { have: [id] });
  });

  test('a database is replicated through it by a peer', async () => {
    const { pulled } = await fromFar({ asks: [], pull: database });
    assert.equal(pulled, LIBRARY_DOCUMENTS.length + 1);
  });

  test('sees its peer, and a database is replicated from there through a peer stream', async () => {
    await near.until(isEvent('peer-seen'));
    const peer = `/peers/${desktop.deviceId}`;
    await eventually(async () => ((await streams.ask('GET', `${peer}/`)).status === 200 ? true : null));
    const folder = createPouchFolder();
    const copy = folder.create('copy');
    const url = `http://127.0.0.1:${streams.port}${peer}/couch/${encodeURIComponent(farCouch.database)}`;
    await copy.replicate.from(httpPouch(url, authorization()));
    assert.equal((await copy.info()).doc_count, LIBRARY_DOCUMENTS.length);
    await folder.close();
  });

  test('pairs, as the one who offers and as the one who joins', async () => {
    for (const [offerer, joiner] of [
      [near, far],
      [far, near],
    ] as const) {
      const opened = await openOffer(offerer, { kind: 'share' });
      await untilPair(joiner, 'pair-offer-seen', ({ offer }) => offer === opened.offer);
      const run = await beginJoin(joiner, opened.offer, { kind: 'share' });
      await untilPair(joiner, 'pair-proved', (event) => event.run === run);
      await untilPair(offerer, 'pair-proved', (event) => event.run === opened.run);
      const data = Buffer.from('what the launchers say').toString('base64url');
      await joiner.call('pair-send', { run, data });
      await untilPair(offerer, 'pair-data', (event) => event.data === data);
      await joiner.call('pair-cancel', { run });
      await untilPair(offerer, 'pair-ended', (event) => event.run === opened.run);
    }
  });

  test('a reload lets a second drive in, and takes a device out', async () => {
    const second = '/media/ada/disk-2';
    mkdirSync(`${second}/.dmedia/files`, { recursive: true });
    const small = pattern(1000, 3);
    const { id: smallId } = hashOf(small);
    put(second, smallId, small);
    await near.call('reload', { files: { stores: [STORE, second] } });
    const asks = [{ method: 'GET', path: `/files/${smallId}` }];
    assert.equal((await fromFar({ asks })).replies[0]?.sha256, sha256(small));
    const trust = { cas: { user: pki.ada.ca.certPem }, revoked: [`device:${desktop.deviceId}`] };
    await near.call('reload', { trust });
    assert.equal((await fromFar({ asks })).replies[0]?.status, 0);
    await near.until(isEvent('denied'));
  });

  test('a cable that is pulled out and plugged in again is noticed', async () => {
    ip('link set near0 down');
    await near.until(isEvent('unlistening'));
    ip('link set near0 up');
    await eventually(() => (near.seen.filter(isEvent('listening')).length > 1 ? true : null));
  });

  test('stops in good order, and was denied nothing', async () => {
    const code = await streams.stop();
    assert.deepEqual([readDenials(), near.logs, code], [[], [], 0]);
    assert.ok(existsSync('/sys/kernel/security/apparmor'));
    assert.match(
      readFileSync('/sys/kernel/security/apparmor/profiles', 'utf8'),
      /patchcord-gateway \(enforce\)/,
    );
  });
});
