// Limits of connections: who is not let in yet, who was, and how long either may say nothing.
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { suite, test, type TestContext } from 'node:test';
import { isEvent } from '../../kit/gateway.js';
import { startLab, type Lab, type Who } from '../../kit/lab.js';
import { connectRaw, get, parseReply, type RawClient } from '../../kit/raw-client.js';
import { eventually } from '../../kit/until.js';

async function labFor(t: TestContext, limits: Record<string, number>): Promise<Lab> {
  const lab = await startLab({ limits });
  t.after(() => lab.close());
  return lab;
}

const letIn = (lab: Lab, who: Who = 'ada'): RawClient => connectRaw(lab.gateway.port, lab.tls[who]);

/** Asks on a connection that is open, and resolves with the status; null where it was closed instead. */
async function askOn(client: RawClient, request = get('/')): Promise<number | null> {
  const before = client.received().length;
  client.write(request);
  const received = await client.until((bytes) => parseReply(bytes.subarray(before)) !== null);
  return parseReply(received.subarray(before))?.status ?? null;
}

/** Someone who connects and says nothing. */
function stranger(lab: Lab): Promise<Socket> {
  const socket = connect({ host: '::1', port: lab.gateway.port });
  socket.on('error', () => undefined);
  return new Promise((resolve) => socket.once('connect', () => resolve(socket)));
}

const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once('close', () => resolve());
  });

/** The gateway has taken in all that was sent to it before: a request and its reply came after. */
async function settle(client: RawClient): Promise<void> {
  for (let count = 0; count < 3; count++) assert.equal(await askOn(client), 200);
}

suite('connections of strangers', () => {
  for (const [name, rule] of [
    ['strangers', 'strangers'],
    ['strangersPerAddress', 'strangers-per-address'],
  ] as const) {
    test(`${name}: as many may stay, and of one more the oldest goes`, async (t) => {
      const lab = await labFor(t, { [name]: 3 });
      const principal = letIn(lab);
      await settle(principal);
      const strangers = [await stranger(lab), await stranger(lab), await stranger(lab)];
      await settle(principal);
      assert.deepEqual(
        strangers.map((socket) => socket.destroyed),
        [false, false, false],
      );

      const last = await stranger(lab);
      await closed(strangers[0] as Socket);
      await lab.gateway.until(isEvent('denied', { rule }));
      await settle(principal);
      assert.deepEqual(
        [...strangers.slice(1), last].map((socket) => socket.destroyed),
        [false, false, false],
      );
      [principal.socket, last, ...strangers].forEach((socket) => socket.destroy());
    });
  }

  test('strangers: a principal gets in all the same', async (t) => {
    const lab = await labFor(t, { strangers: 2 });
    const strangers = [await stranger(lab), await stranger(lab)];
    const principal = letIn(lab);
    assert.equal(await askOn(principal), 200);
    [principal.socket, ...strangers].forEach((socket) => socket.destroy());
  });

  test('strangerMs: who says nothing goes, and who was let in stays', async (t) => {
    const lab = await labFor(t, { strangerMs: 1500 });
    const principal = letIn(lab);
    await settle(principal);
    await closed(await stranger(lab));
    await lab.gateway.until(isEvent('denied', { rule: 'stranger-timeout' }));
    assert.equal(await askOn(principal), 200);
    principal.socket.destroy();
  });

  test('strangerMs: a handshake that does not get on is given up', async (t) => {
    const lab = await labFor(t, { strangerMs: 1500 });
    const socket = await stranger(lab);
    // The head of a TLS record that says it has 512 bytes, and the first of them.
    socket.write(Buffer.of(0x16, 0x03, 0x01, 0x02, 0x00, 0x01));
    await closed(socket);
    assert.equal(await askOn(letIn(lab)), 200);
  });
});

suite('connections that were let in', () => {
  /** Opens connections, each of which has had a reply. */
  async function open(lab: Lab, whose: readonly Who[]): Promise<RawClient[]> {
    const clients: RawClient[] = [];
    for (const who of whose) {
      const client = letIn(lab, who);
      assert.equal(await askOn(client), 200);
      clients.push(client);
    }
    return clients;
  }

  async function assertNotLetIn(lab: Lab, who: Who, rule: string): Promise<void> {
    const client = letIn(lab, who);
    assert.equal(await askOn(client), null);
    assert.equal(client.received().length, 0);
    await lab.gateway.until(isEvent('denied', { rule }));
  }

  test('connections: as many, and one more when one has left', async (t) => {
    const lab = await labFor(t, { connections: 3 });
    const clients = await open(lab, ['ada', 'ada', 'grace']);
    await assertNotLetIn(lab, 'ada', 'connections');
    await assertNotLetIn(lab, 'grace', 'connections');
    clients[0]?.socket.destroy();
    await lab.gateway.until(isEvent('disconnected'));
    clients.push(...(await open(lab, ['grace'])));
    clients.forEach(({ socket }) => socket.destroy());
  });

  test('connectionsPerPrincipal: as many, and others have theirs', async (t) => {
    const lab = await labFor(t, { connectionsPerPrincipal: 2 });
    const clients = await open(lab, ['ada', 'ada']);
    await assertNotLetIn(lab, 'ada', 'connections-per-principal');
    clients.push(...(await open(lab, ['grace', 'grace'])));
    await assertNotLetIn(lab, 'grace', 'connections-per-principal');
    clients.forEach(({ socket }) => socket.destroy());
  });

  test('idleMs: without a request in flight it ends, and with one it does not', async (t) => {
    const lab = await labFor(t, { idleMs: 1000 });
    lab.upstream.answer = () => null;
    const feed = letIn(lab);
    feed.write(get('/couch/dmedia-0/_changes?feed=continuous'));
    await eventually(() => lab.upstream.requests.length || null);
    const idle = letIn(lab);
    assert.equal(await askOn(idle), 200);
    await idle.closed;
    const silent = letIn(lab);
    await silent.closed;
    assert.equal(silent.received().length, 0);
    assert.equal(feed.socket.destroyed, false);
    feed.socket.destroy();
  });

  test('headerMs: a header that does not get on ends it; one that was not begun has idleMs', async (t) => {
    const lab = await labFor(t, { headerMs: 300, idleMs: 60_000 });
    const silent = letIn(lab);
    const served = letIn(lab);
    assert.equal(await askOn(served), 200);
    await lab.gateway.until(() => lab.gateway.seen.filter(isEvent('connected')).length === 2);
    // Twice, so that the silent one has been there for longer than any header may take.
    for (const bytes of ['GET / HTTP/1.1\r\nHost: x\r\nAcc', 'GET']) {
      const slow = letIn(lab);
      slow.write(bytes);
      const received = await slow.until(() => false);
      assert.equal(parseReply(received)?.status, 408);
    }
    assert.equal(await askOn(silent), 200);
    assert.equal(await askOn(served), 200);
    // It is held to it from its first byte on.
    served.write('GET');
    await served.closed;
    const another = letIn(lab);
    assert.equal(await askOn(another), 200);
    [silent, another].forEach(({ socket }) => socket.destroy());
  });
});

suite('headers', () => {
  /** A request whose target, names and values of fields have as many bytes together. */
  function headOf(bytes: number): string {
    const empty = get('/couch/dmedia-0/doc', 'X: \r\n');
    const counted = '/couch/dmedia-0/doc'.length + 'HostxX'.length;
    return empty.replace('X: ', `X: ${'x'.repeat(bytes - counted)}`);
  }
  const withFields = (count: number): string =>
    get('/couch/dmedia-0/doc', Array.from({ length: count - 1 }, (_, index) => `X-${index}: x\r\n`).join(''));
  /** Node counts line ends and colons on some of its lines, and on others not. */
  const SLACK_BYTES = 32;

  test('headerBytes: 16 KiB, then 431', async (t) => {
    const lab = await labFor(t, {});
    const limit = 16 * 1024;
    const under = await lab.sentDuring(() => lab.ask('ada', headOf(limit - SLACK_BYTES)));
    assert.equal(under.result?.status, 200);
    lab.assertSent(under.sent, 'GET /dmedia-0/doc', 'ada');
    const over = await lab.sentDuring(() => lab.ask('ada', headOf(limit + SLACK_BYTES), 'closed'));
    assert.equal(over.result?.status, 431);
    assert.deepEqual(over.sent, []);
  });

  test('headerFields: 64, then 431', async (t) => {
    const lab = await labFor(t, {});
    const under = await lab.sentDuring(() => lab.ask('ada', withFields(64)));
    assert.equal(under.result?.status, 200);
    lab.assertSent(under.sent, 'GET /dmedia-0/doc', 'ada');
    const over = await lab.sentDuring(() => lab.ask('ada', withFields(65), 'closed'));
    assert.equal(over.result?.status, 431);
    assert.deepEqual(over.sent, []);
  });
});
