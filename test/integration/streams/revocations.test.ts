// Before anything else is asked of a peer, it is asked whom its users revoked; the launcher is told what is new, and
// requests wait until it has stored it.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { signStatement } from '../../../dist/adapters/pki/sign-statement.js';
import type { DeviceId } from '../../../dist/core/ids.js';
import { isEvent, startGateway, type TestGateway } from '../../kit/gateway.js';
import { createTestPki, type TestUser } from '../../kit/pki.js';
import { atLoopback, peerEnv, startStreams, streamsEnv, type StreamsClient } from '../../kit/streams.js';

const pki = createTestPki();
const { ada, grace, stranger } = pki;
const desktop = ada.desktop.deviceId;
const info = `/peers/${desktop}/`;
const COUCH = 'http://127.0.0.1:9/';

const revocation = (user: TestUser, deviceId: DeviceId) =>
  signStatement(
    { type: 'revocation', userId: user.ca.userId, time: pki.now.toISOString(), deviceId },
    user.ca,
  );

interface Learned {
  readonly deviceId: string;
  readonly revocations: readonly object[];
}

describe('revocations that a peer knows', () => {
  let peer: TestGateway;
  let streams: StreamsClient;
  const cas = { user: ada.ca.certPem, grace: grace.ca.certPem };

  before(async () => (peer = await startGateway(peerEnv({ pki, couchUrl: COUCH }))));
  after(async () => assert.equal(await peer.stop(), 0));

  test('are told, and requests wait for the launcher', async (t) => {
    streams = await startStreams(streamsEnv(pki, { [desktop]: [atLoopback(peer.port)] }));
    t.after(() => streams.stop());
    const both = [revocation(ada, ada.camera.deviceId), revocation(grace, grace.camera.deviceId)];
    await peer.call('reload', { trust: { cas, revocations: both } });
    let isAnswered = false;
    const asked = streams.ask('GET', info).then((reply) => {
      isAnswered = true;
      return reply;
    });
    const event = (await streams.gateway.until(isEvent('revocations-learned'))) as unknown as Learned;
    assert.equal(event.deviceId, desktop);
    assert.deepEqual(event.revocations, both);
    assert.equal(isAnswered, false);
    await streams.gateway.call('reload', { trust: { cas, revocations: event.revocations } });
    assert.equal((await asked).status, 200);
    assert.equal(streams.gateway.seen.filter(isEvent('revocations-learned')).length, 1);
  });

  test('a launcher that does not store them is waited for 5 s, and no longer', async (t) => {
    const own = await startStreams(streamsEnv(pki, { [desktop]: [atLoopback(peer.port)] }));
    t.after(() => own.stop());
    assert.equal((await own.ask('GET', info)).status, 200);
    assert.ok(own.gateway.seen.some(isEvent('revocations-learned')));
  });

  test('a peer that is itself revoked by its own CA is asked nothing, stored or not', async (t) => {
    const itself = await startGateway(
      peerEnv({ pki, couchUrl: COUCH, more: { trust: { cas, revocations: [revocation(ada, desktop)] } } }),
    );
    t.after(() => itself.stop());
    const own = await startStreams(streamsEnv(pki, { [desktop]: [atLoopback(itself.port)] }));
    t.after(() => own.stop());
    const asked = own.ask('GET', info);
    const { revocations } = (await own.gateway.until(isEvent('revocations-learned'))) as unknown as Learned;
    await own.gateway.call('reload', { trust: { cas, revocations } });
    assert.equal((await asked).status, 503);
  });

  test('those of a CA that is not trusted here are nobody’s', async (t) => {
    const trust = { cas: { ...cas, stranger: stranger.ca.certPem } };
    const revocations = [revocation(stranger, stranger.laptop.deviceId)];
    const principals = [{ issuer: 'user', role: 'own-device' }];
    const other = await startGateway(
      peerEnv({ pki, couchUrl: COUCH, principals, more: { trust: { ...trust, revocations } } }),
    );
    t.after(() => other.stop());
    const own = await startStreams(streamsEnv(pki, { [desktop]: [atLoopback(other.port)] }));
    t.after(() => own.stop());
    assert.equal((await own.ask('GET', info)).status, 200);
    assert.ok(!own.gateway.seen.some(isEvent('revocations-learned')));
  });
});
