// A peer that lets this device in no more says nothing. It is told of all the same: where its own leaf was shown, and
// it ended one connection after the other before it answered anything.
import assert from 'node:assert/strict';
import type { TLSSocket } from 'node:tls';
import { describe, test, type TestContext } from 'node:test';
import { isEvent, startGateway, type TestGateway } from '../../kit/gateway.js';
import { createTestPki } from '../../kit/pki.js';
import { startTcpStranger, startTlsStranger, type Stranger } from '../../kit/stranger.js';
import { atLoopback, peerEnv, startStreams, streamsEnv, type StreamsClient } from '../../kit/streams.js';
import { eventually } from '../../kit/until.js';

const pki = createTestPki();
const desktop = pki.ada.desktop.deviceId;
const info = `/peers/${desktop}/`;
const COUCH = 'http://127.0.0.1:9/';
const ENDS_IN_A_ROW = 5;
const toldOf = isEvent('peer-turns-away', { deviceId: desktop });

async function dialling(t: TestContext, port: number): Promise<StreamsClient> {
  const more = { reconnect: { delaysMs: [1] } };
  const streams = await startStreams(streamsEnv(pki, { [desktop]: [atLoopback(port)] }, more));
  t.after(() => streams.stop());
  return streams;
}

const turnsAway = async ({ gateway }: StreamsClient): Promise<boolean | undefined> => {
  const { peers } = (await gateway.call('status')) as { peers: readonly { turnsAway: boolean }[] };
  return peers[0]?.turnsAway;
};

/** Asks until there were so many connections; each has failed then. */
const askUntil = (streams: StreamsClient, stranger: Stranger, connections: number): Promise<true> =>
  eventually(async () => {
    assert.equal((await streams.ask('GET', info)).status, 503);
    return stranger.connections >= connections ? true : null;
  });

describe('a peer whose policy', () => {
  const startPeer = async (t: TestContext): Promise<TestGateway> => {
    const peer = await startGateway(peerEnv({ pki, couchUrl: COUCH }));
    t.after(() => peer.stop());
    return peer;
  };
  const { policy } = peerEnv({ pki, couchUrl: COUCH });

  test('lets nobody in any more turns away, until it lets in again', async (t) => {
    const peer = await startPeer(t);
    const streams = await dialling(t, peer.port);
    assert.equal((await streams.ask('GET', info)).status, 200);
    assert.equal(await turnsAway(streams), false);
    const untilTold = async (times: number): Promise<void> => {
      await peer.call('reload', { policy: { roles: {}, principals: [] } });
      await eventually(async () => {
        await streams.ask('GET', info);
        return streams.gateway.seen.filter(toldOf).length >= times ? true : null;
      });
      assert.equal(await turnsAway(streams), true);
    };
    await untilTold(1);
    await peer.call('reload', { policy });
    await eventually(async () => ((await streams.ask('GET', info)).status === 200 ? true : null));
    assert.equal(await turnsAway(streams), false);
    // The row began anew, and so it is told again.
    await untilTold(2);
    assert.equal(streams.gateway.seen.filter(toldOf).length, 2);
  });
});

describe('one that', () => {
  test('ends the connection now and then, and fails otherwise between, does not turn away', async (t) => {
    const others = [ENDS_IN_A_ROW, 2 * ENDS_IN_A_ROW];
    const stranger: Stranger = await startTlsStranger(pki.ada.desktop, (socket: TLSSocket) => {
      if (others.includes(stranger.connections))
        socket.end('HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n');
      else socket.destroy();
    });
    t.after(() => stranger.close());
    const streams = await dialling(t, stranger.port);
    await askUntil(streams, stranger, 3 * ENDS_IN_A_ROW - 1);
    assert.equal(await turnsAway(streams), false);
    assert.ok(!streams.gateway.seen.some(toldOf));
    await askUntil(streams, stranger, 3 * ENDS_IN_A_ROW);
    assert.equal(await turnsAway(streams), true);
    await streams.gateway.until(toldOf);
  });

  test('shows no leaf, or closes its port, does not turn away', async (t) => {
    const resets = await startTcpStranger((socket) => void socket.resetAndDestroy());
    t.after(() => resets.close());
    const streams = await dialling(t, resets.port);
    await askUntil(streams, resets, 2 * ENDS_IN_A_ROW);
    assert.equal(await turnsAway(streams), false);
  });

  test('turned away, and whose port is closed then, does so no more', async (t) => {
    const stranger = await startTlsStranger(pki.ada.desktop, (socket) => socket.destroy());
    const streams = await dialling(t, stranger.port);
    await askUntil(streams, stranger, ENDS_IN_A_ROW);
    assert.equal(await turnsAway(streams), true);
    await stranger.close();
    await eventually(async () => {
      assert.equal((await streams.ask('GET', info)).status, 503);
      return (await turnsAway(streams)) === false ? true : null;
    });
  });
});
