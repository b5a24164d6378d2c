// The whole main job of a gateway under its profile, as `launchGateway` starts it. The peer is at the other end of a
// cable, in a network namespace of its own.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { hashOf, pattern, put } from '../integration/files/temp-store.js';
import { couchEnv } from '../kit/household.js';
import { isEvent, startGateway, type TestGateway } from '../kit/gateway.js';
import { ip } from '../kit/netns.js';
import { beginJoin, openOffer, untilPair } from '../kit/pairing.js';
import { createTestPki } from '../kit/pki.js';
import { identityOf, startStreams, TOKEN, type StreamsClient } from '../kit/streams.js';
import { soon } from '../kit/two-devices.js';
import { FILM, LIBRARY_DOCUMENTS } from './documents.js';
import type { FarPlan, FarResult } from './far-client.js';
import type { FarEnd } from './far-end.js';

const STORE = '/media/ada/disk-1';
const PROFILE = 'apparmor:patchcord-gateway';
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export const mainJob = (opened: () => Promise<FarEnd>): void =>
  void describe('a confined gateway', { concurrency: 1 }, () => {
    const pki = createTestPki();
    const { laptop, desktop } = pki.ada;
    let farEnd: FarEnd;
    let far: TestGateway;
    let streams: StreamsClient;
    let near: TestGateway;

    before(async () => {
      farEnd = await opened();
      mkdirSync(`${STORE}/.dmedia/files`, { recursive: true });
      put(STORE, FILM.id, FILM.bytes);
      const { upstream, farUrl, login, database, farExecutable } = farEnd;
      const databases = [{ name: database, access: 'write' }];
      const farEnv = {
        ...couchEnv({ pki, url: farUrl, login, databases }),
        identity: identityOf(pki, desktop, "Ada's desktop"),
        listen: { on: ['far0'] },
      };
      const nearEnv = {
        ...couchEnv({ pki, url: upstream.url, login, databases, stores: [STORE], files: 'all' }),
        listen: { on: ['near0'] },
        discovery: { known: [desktop.deviceId] },
        peerStreams: { port: 0, tokens: { tests: TOKEN } },
      };
      [far, streams] = await Promise.all([
        startGateway(farEnv, { executable: farExecutable }),
        startStreams(nearEnv, { requireConfinement: true }),
      ]);
      near = streams.gateway;
    });
    after(() => far.stop());

    const fromFar = (plan: Pick<FarPlan, 'asks'>): Promise<FarResult> => {
      const [listener] = near.ready.listeners;
      assert.ok(listener);
      return farEnd.ask({
        address: listener.address,
        zone: 'far0',
        port: listener.port,
        cert: desktop.certPem,
        key: desktop.keyPem,
        ca: pki.ada.ca.certPem,
        name: `${laptop.deviceId}.patchcord.internal`,
        ...plan,
      });
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
      const { database } = farEnd;
      const { id, bytes, digests } = FILM;
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
      assert.equal(replies[1]?.sha256, sha256(bytes));
      assert.equal(replies[2]?.sha256, sha256(bytes.subarray(500_000, 500_016)));
      assert.equal(replies[3]?.sha256, sha256(digests));
      assert.deepEqual(JSON.parse(replies[4]?.body ?? ''), { have: [id] });
    });

    test('sees its peer, and reaches the database there through a peer stream', async () => {
      await near.until(isEvent('peer-seen'));
      const peer = `/peers/${desktop.deviceId}`;
      await soon(async () => ((await streams.ask('GET', `${peer}/`)).status === 200 ? true : null));
      const { database } = farEnd;
      const { status, body } = await streams.ask('GET', `${peer}/couch/${database}/_all_docs`);
      const { rows } = JSON.parse(body.toString()) as { rows: readonly unknown[] };
      assert.equal(status, 200);
      assert.ok(rows.length > LIBRARY_DOCUMENTS.length);
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
      await soon(() => (near.seen.filter(isEvent('listening')).length > 1 ? true : null));
    });

    test('stops in good order, and has nothing to complain of', async () => {
      const code = await streams.stop();
      assert.deepEqual([near.logs, code], [[], 0]);
    });
  });
