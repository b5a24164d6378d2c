// Whoever else answers where a peer was dialled is believed nothing, learns nothing, and makes nothing grow; and the
// real peer is still reached.
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { after, before, describe, test, type TestContext } from 'node:test';
import { isEvent, startGateway, type TestGateway } from '../../kit/gateway.js';
import { customLeaf, createTestPki, flawedLeaf, type TestLeaf } from '../../kit/pki.js';
import { extendedKeyUsage } from '../../../dist/adapters/pki/extensions.js';
import { startRecordingUpstream, type RecordingUpstream } from '../../kit/recording-upstream.js';
import { startTcpStranger, startTlsStranger, type Stranger } from '../../kit/stranger.js';
import { atLoopback, peerEnv, startStreams, streamsEnv, type StreamsClient } from '../../kit/streams.js';
import { eventually } from '../../kit/until.js';

const pki = createTestPki();
const { ada, grace } = pki;
const desktop = ada.desktop.deviceId;
const info = `/peers/${desktop}/`;

let upstream: RecordingUpstream;
let peer: TestGateway;
before(async () => {
  upstream = await startRecordingUpstream();
  peer = await startGateway(peerEnv({ pki, couchUrl: upstream.url }));
});
after(async () => {
  assert.equal(await peer.stop(), 0);
  await upstream.close();
});

/** A client whose hints for the desktop are these ports, in this order. */
async function dialling(t: TestContext, ports: readonly number[], limits = {}): Promise<StreamsClient> {
  const streams = await startStreams(streamsEnv(pki, { [desktop]: ports.map(atLoopback) }, {}, { limits }));
  t.after(async () => assert.equal(await streams.stop(), 0));
  return streams;
}

async function strange(t: TestContext, starting: Promise<Stranger>): Promise<Stranger> {
  const stranger = await starting;
  t.after(() => stranger.close());
  return stranger;
}

const failuresOf = async (streams: StreamsClient): Promise<Record<string, number>> => {
  const { peers } = (await streams.gateway.call('status')) as {
    peers: readonly { failures: Record<string, number> }[];
  };
  return peers[0]?.failures ?? {};
};

const withEku = (usages: Parameters<typeof extendedKeyUsage>[0]): TestLeaf => {
  const extension = extendedKeyUsage(usages);
  return customLeaf({ name: ada.ca.userId, keyPem: ada.ca.keyPem }, pki.now, {
    extensions: new Map([[extension.oid, extension]]),
  });
};

describe('another leaf than the one that was dialled', () => {
  const leaves: readonly [string, TestLeaf, string][] = [
    ['a stranger', pki.stranger.laptop, 'issuer-unknown'],
    ['another own device', ada.camera, 'other-device'],
    ['a device of another user', grace.laptop, 'other-device'],
    ['an expired leaf', flawedLeaf('expired', ada.ca, pki.now), 'expired'],
    ['a leaf that is for clients only', withEku(['clientAuth']), 'server-auth'],
    ['a leaf that is for servers only', withEku(['serverAuth']), 'extended-key-usage'],
  ];
  for (const [name, leaf, rule] of leaves) {
    test(`${name}: is shown no certificate, sent no byte, told of, and not asked again for a while`, async (t) => {
      const stranger = await strange(t, startTlsStranger(leaf));
      const streams = await dialling(t, [stranger.port]);
      assert.equal((await streams.ask('GET', info)).status, 503);
      const event = await streams.gateway.until(isEvent('denied', { rule, dialled: desktop }));
      assert.equal((event as { deviceId?: string }).deviceId, leaf.deviceId);
      assert.equal((await streams.ask('GET', info)).status, 503);
      assert.deepEqual(stranger.shown, []);
      assert.equal(stranger.received(), '');
      assert.equal(stranger.connections, 1);
      assert.deepEqual(await failuresOf(streams), { 'wrong-leaf': 1 });
    });
  }

  test('the right leaf, its twin: is shown this device’s certificate, and asked', async (t) => {
    const right = await strange(
      t,
      startTlsStranger(ada.desktop, (socket) =>
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\n{"revocations":[]}'),
      ),
    );
    const streams = await dialling(t, [right.port]);
    assert.equal((await streams.ask('GET', info)).status, 200);
    assert.equal(right.shown[0]?.replaceAll(':', '').toLowerCase(), ada.laptop.fingerprint);
    assert.match(right.received(), /^GET \/revocations HTTP\/1\.1\r\n/);
  });

  test('hears of a connection that ended before it showed a certificate, and from where', async (t) => {
    const camera = await startGateway(peerEnv({ pki, couchUrl: upstream.url, leaf: ada.camera }));
    t.after(() => camera.stop());
    const streams = await dialling(t, [camera.port]);
    assert.equal((await streams.ask('GET', info)).status, 503);
    const told = await camera.until(isEvent('denied', { rule: 'tls' }));
    const { reason, address } = told as { reason?: string; address?: string };
    assert.deepEqual([reason, address], ['ECONNRESET', '::1']);
  });

  test('in front of the real peer: the real one is reached', async (t) => {
    const stranger = await strange(t, startTlsStranger(pki.stranger.laptop));
    const streams = await dialling(t, [stranger.port, peer.port]);
    assert.equal((await streams.ask('GET', info)).status, 200);
    assert.deepEqual(stranger.shown, []);
  });
});

const GREETED = 'HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\n{"revocations":[]}';
/** The right leaf, that greets as it should and then answers like this. */
const rightLeaf = (answer: (socket: TLSSocket) => void): Promise<Stranger> =>
  startTlsStranger(ada.desktop, (socket, text) => {
    if (text.includes('/revocations')) socket.write(GREETED);
    else answer(socket);
  });

describe('someone who is no peer of anyone', () => {
  test('accepts and says nothing: costs a moment in front of the real peer, and one who waits alone is told in time', async (t) => {
    const silent = await strange(
      t,
      startTcpStranger(() => undefined),
    );
    const both = await dialling(t, [silent.port, peer.port]);
    assert.equal((await both.ask('GET', info)).status, 200);
    const alone = await dialling(t, [silent.port], { peerDialMs: 200 });
    assert.equal((await alone.ask('GET', info)).status, 503);
    assert.deepEqual(await failuresOf(alone), { timeout: 1 });
  });

  test('resets at once, talks nonsense, or sends no end of it', async (t) => {
    const kinds = [
      (socket: Socket) => void socket.resetAndDestroy(),
      (socket: Socket) => void socket.end('HTTP/1.1 200 OK\r\n\r\n'),
      (socket: Socket) => {
        const more = (): void => {
          if (!socket.destroyed) socket.write(Buffer.alloc(65_536), () => setImmediate(more));
        };
        more();
      },
    ];
    for (const kind of kinds) {
      const stranger = await strange(t, startTcpStranger(kind));
      const streams = await dialling(t, [stranger.port, peer.port]);
      assert.equal((await streams.ask('GET', info)).status, 200);
    }
  });
});

describe('a peer that has the right leaf, and misbehaves', () => {
  test('headers without end: the connection is ended, and the request refused', async (t) => {
    let sent = 0;
    const filler = `X-Filler: ${'x'.repeat(1000)}\r\n`;
    const stranger = await strange(
      t,
      startTlsStranger(ada.desktop, (socket, text) => {
        if (text.includes('/revocations')) return void socket.write(GREETED);
        socket.write('HTTP/1.1 200 OK\r\n');
        const more = (): void => {
          if (socket.destroyed || sent > 1e9) return;
          sent += filler.length * 64;
          socket.write(filler.repeat(64), () => setImmediate(more));
        };
        more();
      }),
    );
    const streams = await dialling(t, [stranger.port]);
    assert.equal((await streams.ask('GET', info)).status, 502);
    assert.ok(sent < 64 * 1024 * 1024, `${sent} bytes`);
  });

  test('interim replies without end', async (t) => {
    const stranger = await strange(
      t,
      startTlsStranger(ada.desktop, (socket, text) => {
        if (text.includes('/revocations')) return void socket.write(GREETED);
        const more = (): void => {
          if (!socket.destroyed)
            socket.write('HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n', () => setImmediate(more));
        };
        more();
      }),
    );
    const streams = await dialling(t, [stranger.port]);
    assert.equal((await streams.ask('GET', info)).status, 502);
  });

  test('resets in the middle of a reply: the program sees that it is not whole', async (t) => {
    const stranger = await strange(
      t,
      rightLeaf((socket) =>
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf', () => socket.destroy()),
      ),
    );
    const streams = await dialling(t, [stranger.port]);
    await assert.rejects(streams.ask('GET', `/peers/${desktop}/couch/dmedia-0/doc`));
  });

  test('never answers: 504 in time; an answer of nonsense: 502', async (t) => {
    const silent = await strange(
      t,
      rightLeaf(() => undefined),
    );
    const waiting = await dialling(t, [silent.port], { peerFirstByteMs: 100 });
    assert.equal((await waiting.ask('GET', info)).status, 504);
    const nonsense = await strange(
      t,
      rightLeaf((socket) => socket.write('nonsense\r\n\r\n')),
    );
    const refused = await dialling(t, [nonsense.port]);
    assert.equal((await refused.ask('GET', info)).status, 502);
  });

  test('its cookies, challenges, redirects and hop-by-hop headers go no further', async (t) => {
    const headers =
      'Set-Cookie: a=b\r\nWWW-Authenticate: Basic\r\nLocation: http://evil/\r\nServer: x\r\nETag: "1-x"\r\nAccess-Control-Allow-Origin: *\r\n';
    const stranger = await strange(
      t,
      rightLeaf((socket) => socket.write(`HTTP/1.1 200 OK\r\n${headers}Content-Length: 2\r\n\r\n{}`)),
    );
    const streams = await dialling(t, [stranger.port]);
    const reply = await streams.ask('GET', info);
    assert.equal(reply.headers.etag, '"1-x"');
    for (const name of [
      'set-cookie',
      'www-authenticate',
      'location',
      'server',
      'access-control-allow-origin',
    ])
      assert.equal(reply.headers[name], undefined, name);
  });

  test('says nothing of revocations, or sends megabytes of them: is not asked for anything else', async (t) => {
    for (const greeting of [
      'HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\n{}',
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}',
      `HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n${' '.repeat(9_000_000)}`,
    ]) {
      const stranger = await strange(
        t,
        startTlsStranger(ada.desktop, (socket) => socket.write(greeting)),
      );
      const streams = await dialling(t, [stranger.port]);
      assert.equal((await streams.ask('GET', info)).status, 503);
      assert.doesNotMatch(stranger.received(), /GET \/ /);
      assert.equal((await failuresOf(streams))['revocations'], 1);
    }
  });
});

describe('whom this device did not let in', () => {
  test('is dialled again at once when the policy lets it in, and not for a reload of something else', async (t) => {
    const env = streamsEnv(pki, { [desktop]: [atLoopback(peer.port)] });
    const nobody = { ...env.policy, principals: [] };
    const streams = await startStreams({ ...env, policy: nobody });
    t.after(async () => assert.equal(await streams.stop(), 0));
    assert.equal((await streams.ask('GET', info)).status, 503);
    await streams.gateway.until(isEvent('denied', { dialled: desktop }));
    await streams.gateway.call('reload', { limits: { peerDialMs: 3000 } });
    assert.equal((await streams.ask('GET', info)).status, 503);
    await streams.gateway.call('reload', { policy: env.policy });
    // Two tries are never closer than a moment.
    await eventually(async () => ((await streams.ask('GET', info)).status === 200 ? true : null));
    assert.deepEqual(await failuresOf(streams), { 'wrong-leaf': 1 });
  });
});

describe('a peer that goes and comes', () => {
  test('is 503 at once with Retry-After while it is away, and works when it is back', async (t) => {
    const own = await startGateway(peerEnv({ pki, couchUrl: upstream.url }));
    const streams = await startStreams(
      streamsEnv(pki, { [desktop]: [atLoopback(own.port)] }, { reconnect: { hideMs: 0, delaysMs: [50] } }),
    );
    t.after(() => streams.stop());
    assert.equal((await streams.ask('GET', info)).status, 200);
    await streams.gateway.until(isEvent('peer-reached', { deviceId: desktop }));
    assert.equal(await own.stop(), 0);
    const away = await streams.ask('GET', info);
    assert.equal(away.status, 503);
    assert.ok(Number(away.headers['retry-after']) >= 1);
    assert.deepEqual(away.json(), { error: 'peer_away', reason: 'The peer is not here now.' });
    const back = await startGateway(
      peerEnv({ pki, couchUrl: upstream.url, more: { listen: { on: 'loopback', port: own.port } } }),
    );
    t.after(() => back.stop());
    await eventually(async () => ((await streams.ask('GET', info)).status === 200 ? true : null));
  });

  test('a short absence is hidden where the policy says so', async (t) => {
    const own = await startGateway(peerEnv({ pki, couchUrl: upstream.url }));
    const reconnect = { hideMs: 30_000, delaysMs: [50] };
    const streams = await startStreams(streamsEnv(pki, { [desktop]: [atLoopback(own.port)] }, { reconnect }));
    t.after(() => streams.stop());
    assert.equal((await streams.ask('GET', info)).status, 200);
    process.kill(own.pid, 'SIGKILL');
    await own.exited;
    const asked = streams.ask('GET', info);
    const back = await startGateway(
      peerEnv({ pki, couchUrl: upstream.url, more: { listen: { on: 'loopback', port: own.port } } }),
    );
    t.after(() => back.stop());
    assert.equal((await asked).status, 200);
  });

  test('kept up, it is connected again with no request', async (t) => {
    const own = await startGateway(peerEnv({ pki, couchUrl: upstream.url }));
    const reconnect = { mode: 'keep-up', hideMs: 0, delaysMs: [50] };
    const streams = await startStreams(streamsEnv(pki, { [desktop]: [atLoopback(own.port)] }, { reconnect }));
    t.after(() => streams.stop());
    assert.equal((await streams.ask('GET', info)).status, 200);
    assert.equal(await own.stop(), 0);
    const back = await startGateway(
      peerEnv({ pki, couchUrl: upstream.url, more: { listen: { on: 'loopback', port: own.port } } }),
    );
    t.after(() => back.stop());
    await back.until(isEvent('connected'));
  });

  test('revoked here, it is cut within a second and not dialled any more', async (t) => {
    const streams = await dialling(t, [peer.port]);
    upstream.answer = () =>
      'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n\n\n\r\n';
    const feed = await streams.open('GET', `/peers/${desktop}/couch/dmedia-0/_changes?feed=continuous`);
    const closed = new Promise((resolve) => feed.once('close', resolve));
    feed.on('error', () => undefined).resume();
    const { cas } = streamsEnv(pki, {}).trust;
    await streams.gateway.call('reload', { trust: { cas, revoked: [`device:${desktop}`] } });
    await closed;
    assert.equal((await streams.ask('GET', info)).status, 404);
    await streams.gateway.call('reload', { trust: { cas } });
    assert.equal((await streams.ask('GET', info)).status, 200);
  });
});
