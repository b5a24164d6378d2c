// Peer streams over virtual cables: peers are found and dialled by their link-local addresses, over the faster link of
// two, and a blob goes on over the other one when its cable is pulled out.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import type { IncomingMessage } from 'node:http';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startGateway, type TestGateway } from '../kit/gateway.js';
import { createFarExecutable, type FarExecutable } from '../kit/netns-gateway.js';
import { createOtherEnd, ip, isInsideNamespace, plugCable, type OtherEnd } from '../kit/netns.js';
import { createTestPki } from '../kit/pki.js';
import { peerEnv, startStreams, streamsEnv, type StreamsClient } from '../kit/streams.js';
import { eventually } from '../kit/until.js';
import { anyId, put } from '../integration/files/temp-store.js';

const pki = createTestPki();
const desktop = pki.ada.desktop.deviceId;
const info = `/peers/${desktop}/`;
const COUCH = 'http://127.0.0.1:9/';
const WITHIN = { timeout: 90_000 };
/** More than what decides for a link. */
const CLEARLY = 4;
const BLOB_BYTES = 48 * 1024 * 1024;

interface Status {
  readonly peers: readonly {
    readonly links: readonly {
      readonly zone: string;
      readonly connections: number;
      readonly bytesPerMs: number | null;
      readonly lastFailure: string | null;
    }[];
    readonly failures: Readonly<Record<string, number>>;
  }[];
  readonly connections: readonly { readonly address: string; readonly requests: number }[];
}

if (isInsideNamespace(import.meta.url)) {
  const statusOf = async (gateway: TestGateway): Promise<Status> => (await gateway.call('status')) as Status;
  const answered = (streams: StreamsClient): Promise<true> =>
    eventually(async () => ((await streams.ask('GET', info)).status === 200 ? true : null));

  /** Reads until at least `bytes` have come, and holds the rest back. */
  function readSome(reply: IncomingMessage, pieces: Buffer[], bytes: number): Promise<void> {
    return new Promise((resolve) => {
      let read = 0;
      const onData = (piece: Buffer): void => {
        pieces.push(piece);
        read += piece.length;
        if (read < bytes) return;
        reply.off('data', onData).pause();
        resolve();
      };
      reply.on('data', onData);
    });
  }

  async function readRest(reply: IncomingMessage, pieces: Buffer[]): Promise<Buffer> {
    for await (const piece of reply as AsyncIterable<Buffer>) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  describe('a peer on two cables', () => {
    const folder = mkdtempSync(join(tmpdir(), 'patchcord-store-'));
    const id = anyId('large');
    const blob = randomBytes(BLOB_BYTES);
    const zones = ['near0', 'near1'];
    let other: OtherEnd;
    let executable: FarExecutable;
    let peer: TestGateway;
    let streams: StreamsClient;

    before(async () => {
      ip('link set lo up');
      mkdirSync(join(folder, '.dmedia/files'), { recursive: true });
      put(folder, id, blob);
      other = await createOtherEnd();
      executable = createFarExecutable(other);
      plugCable('near0', 'far0', other);
      plugCable('near1', 'far1', other);
      const far = { listen: { on: ['far0', 'far1'] } };
      peer = await startGateway(peerEnv({ pki, couchUrl: COUCH, stores: [folder], more: far }), {
        executable: executable.path,
      });
      const near = { listen: { on: zones }, discovery: { known: [desktop] } };
      streams = await startStreams(streamsEnv(pki, {}, {}, near));
    });
    after(async () => {
      await streams.stop();
      await peer.stop();
      executable.remove();
      other.close();
      rmSync(folder, { recursive: true, force: true });
    });

    const linksInUse = async (): Promise<string[]> =>
      (await statusOf(peer)).connections.filter(({ requests }) => requests > 0).map(({ address }) => address);
    /** This side's end of the cable that a transfer takes now. */
    const zoneInUse = async (): Promise<string> => {
      const [address = ''] = await linksInUse();
      return `near${address.slice(-1)}`;
    };
    const bothAreOpen = (): Promise<true> =>
      eventually(async () => {
        const open = (await statusOf(streams.gateway)).peers[0]?.links.filter(
          ({ connections }) => connections > 0,
        );
        return new Set(open?.map(({ zone }) => zone)).size === 2 ? true : null;
      });

    test('is found, and answers', WITHIN, async () => {
      await answered(streams);
    });

    test('a blob under way goes on over the other cable when its own is pulled out', WITHIN, async () => {
      for (const round of [1, 2]) {
        const reply = await streams.open('GET', `/peers/${desktop}/files/${id}`);
        const pieces: Buffer[] = [];
        await readSome(reply, pieces, 4 * 1024 * 1024);
        const zone = await zoneInUse();
        ip(`link set ${zone} down`);
        const whole = await readRest(reply, pieces);
        assert.ok(whole.equals(blob), `round ${round}`);
        assert.equal(reply.complete, true);
        ip(`link set ${zone} up`);
        await answered(streams);
      }
    });

    test('both are at hand while one is in use, and the faster one is taken', WITHIN, async () => {
      // So slow that a machine with other things to do is faster.
      const limit = 'qdisc add dev far0 root tbf rate 5mbit burst 64kb latency 50ms'.split(' ');
      execFileSync('nsenter', [`--net=/proc/${other.pid}/ns/net`, 'tc', ...limit]);
      const reply = await streams.open('GET', `/peers/${desktop}/files/${id}`);
      const pieces: Buffer[] = [];
      await readSome(reply, pieces, 1024 * 1024);
      await bothAreOpen();
      reply.destroy();
      const range = { headers: { range: 'bytes=0-1048575' } };
      // What was measured before the link became slow is half of what is thought of it after each of these.
      await eventually(async () => {
        await streams.ask('GET', `/peers/${desktop}/files/${id}`, range);
        const links = (await statusOf(streams.gateway)).peers[0]?.links ?? [];
        const [slow, quick] = zones.map(
          (zone) => links.find((link) => link.zone === zone)?.bytesPerMs ?? null,
        );
        return slow != null && quick != null && quick > CLEARLY * slow ? true : null;
      });
      for (let times = 0; times < 3; times++) {
        const fast = await streams.open('GET', `/peers/${desktop}/files/${id}`);
        const some: Buffer[] = [];
        await readSome(fast, some, 1024 * 1024);
        assert.equal(await zoneInUse(), 'near1');
        fast.destroy();
        await eventually(async () => ((await linksInUse()).length === 0 ? true : null));
      }
    });

    test(
      'an interface that is made anew, as by an adapter put in again, leads there again',
      WITHIN,
      async () => {
        for (const zone of zones) ip(`link del ${zone}`);
        await eventually(async () => ((await streams.ask('GET', info)).status === 503 ? true : null));
        for (const [index, zone] of zones.entries()) plugCable(zone, `far${index}`, other);
        await answered(streams);
      },
    );

    test('without any cable it is away at once, and is found again', WITHIN, async () => {
      for (const zone of zones) ip(`link set ${zone} down`);
      const away = await eventually(async () => {
        const reply = await streams.ask('GET', info);
        return reply.status === 503 ? reply : null;
      });
      assert.ok(Number(away.headers['retry-after']) >= 1);
      for (const zone of zones) ip(`link set ${zone} up`);
      await answered(streams);
    });
  });

  describe('a zone that is not there', () => {
    test(
      'is not dialled by another link in front of it, where the same device answers',
      WITHIN,
      async (t) => {
        const other = await createOtherEnd();
        t.after(() => other.close());
        const executable = createFarExecutable(other);
        t.after(() => executable.remove());
        plugCable('decoy0', 'fardecoy0', other);
        const more = { listen: { on: ['fardecoy0'], port: 4711 } };
        const peer = await startGateway(peerEnv({ pki, couchUrl: COUCH, more }), {
          executable: executable.path,
        });
        t.after(() => peer.stop());
        const listening = await peer.until(({ event }) => event === 'listening').catch(() => null);
        const { address } = (listening ?? peer.ready.listeners[0]) as { address: string };
        const hints = (zone: string) => ({ [desktop]: [{ address, zone, port: 4711 }] });
        const gone = await startStreams(streamsEnv(pki, hints('gone0')));
        t.after(() => gone.stop());
        assert.equal((await gone.ask('GET', info)).status, 503);
        assert.deepEqual((await statusOf(gone.gateway)).peers[0]?.failures, { 'no-zone': 1 });
        const there = await startStreams(streamsEnv(pki, hints('decoy0')));
        t.after(() => there.stop());
        await answered(there);
      },
    );
  });
}
