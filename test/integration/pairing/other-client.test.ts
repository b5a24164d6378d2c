// Another client, written from docs/protocol-pairing.md alone: nothing of `src/core/pairing` is used on its side.
import { ristretto255, ristretto255_hasher } from '@noble/curves/ed25519.js';
import assert from 'node:assert/strict';
import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { createEnv } from '../../kit/env.js';
import { startGateway } from '../../kit/gateway.js';
import { CODE, openOffer, throwAway, untilPair } from '../../kit/pairing.js';
import { createTestPki } from '../../kit/pki.js';

type Frame = Record<string, unknown>;
const concat = (parts: readonly Uint8Array[]): Buffer => Buffer.concat(parts);
const hash = (name: string, ...parts: Uint8Array[]): Buffer =>
  createHash(name).update(concat(parts)).digest();
const text = (value: string): Buffer => Buffer.from(value);
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
const bytesOf = (value: unknown): Buffer => Buffer.from(String(value), 'base64url');

/** "lv(x, y, …)": all that is said here is shorter than 16,384 bytes. */
const lv = (...parts: Uint8Array[]): Buffer =>
  concat(
    parts.flatMap((part) => [
      part.length < 128 ? Buffer.of(part.length) : Buffer.of((part.length & 127) | 128, part.length >> 7),
      Buffer.from(part),
    ]),
  );

/** "Frames": resolves with the next one each time. */
function createFrames(socket: TLSSocket) {
  let held = Buffer.alloc(0);
  let onMore = (): void => undefined;
  socket.on('data', (more: Buffer) => {
    held = Buffer.concat([held, more]);
    onMore();
  });
  const next = async (): Promise<Frame> => {
    while (held.length < 4 || held.length < 4 + held.readUInt32BE())
      await new Promise<void>((resolve) => (onMore = resolve));
    const end = 4 + held.readUInt32BE();
    const json = held.subarray(4, end).toString();
    held = held.subarray(end);
    return JSON.parse(json) as Frame;
  };
  const say = (frame: Frame): void => {
    const json = text(JSON.stringify(frame));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(json.length);
    socket.write(concat([length, json]));
  };
  return { next, say };
}

/** "The proof of the code", as A. */
async function proveCode(socket: TLSSocket, code: string) {
  const { next, say } = createFrames(socket);
  const exporter = socket.exportKeyingMaterial(32, 'EXPORTER-patchcord-pair-v1', Buffer.alloc(0));
  const [theirs, own] = [socket.getPeerX509Certificate()?.raw, socket.getX509Certificate()?.raw];
  assert.ok(theirs !== undefined && own !== undefined);
  const ci = lv(text('patchcord-pair-v1'), hash('sha256', theirs), hash('sha256', own), exporter);

  const nonceA = randomBytes(32);
  say({ type: 'nonce', nonce: base64(nonceA) });
  const sid = concat([nonceA, bytesOf((await next())['nonce'])]);
  const prs = text(code.replace('-', ''));
  const dsi = text('CPaceRistretto255');
  const pad = Buffer.alloc(127 - lv(prs).length - lv(dsi).length);
  const generator = ristretto255_hasher.deriveToCurve?.(hash('sha512', lv(dsi, prs, pad, ci, sid)));
  assert.ok(generator !== undefined);
  const ya = BigInt(`0x${randomBytes(31).toString('hex')}`);
  const share = generator.multiply(ya).toBytes();
  const ad = text(
    JSON.stringify({
      version: 1,
      role: 'join-A',
      label: 'other',
      time: new Date().toISOString(),
      userId: null,
    }),
  );
  say({ type: 'share', share: base64(share), ad: base64(ad) });
  const answer = await next();
  const [shareB, adB] = [bytesOf(answer['share']), bytesOf(answer['ad'])];
  const k = ristretto255.Point.fromBytes(shareB).multiply(ya).toBytes();
  const isk = hash('sha512', lv(text('CPaceRistretto255_ISK'), sid, k), lv(share, ad), lv(shareB, adB));
  const key = hash('sha512', text('CPaceMac'), sid, isk);
  const tag = (of: Uint8Array, by: Uint8Array): Buffer =>
    createHmac('sha512', key).update(lv(of, by)).digest();
  say({ type: 'tag', tag: base64(tag(share, ad)) });
  assert.deepEqual(bytesOf((await next())['tag']), tag(shareB, adB));
  return { next, say, sid, isk, adB: JSON.parse(adB.toString()) as Frame };
}

/** "Sealed messages", as A. */
function createSeals(isk: Buffer, sid: Buffer) {
  const keyOf = (side: string): Buffer =>
    Buffer.from(hkdfSync('sha512', isk, sid, `patchcord-seal-${side}`, 32));
  const nonceOf = (number: number): Buffer => {
    const nonce = Buffer.alloc(12);
    nonce.writeUInt32BE(number, 8);
    return nonce;
  };
  return {
    seal(type: string, number: number, plain: Uint8Array): Frame {
      const cipher = createCipheriv('aes-256-gcm', keyOf('A'), nonceOf(number));
      cipher.setAAD(concat([sid, nonceOf(number), text(type)]));
      return {
        type,
        number,
        box: base64(concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])),
      };
    },
    open({ type, number, box }: Frame): Buffer {
      const bytes = bytesOf(box);
      const nonce = nonceOf(Number(number));
      const decipher = createDecipheriv('aes-256-gcm', keyOf('B'), nonce);
      decipher.setAAD(concat([sid, nonce, text(String(type))])).setAuthTag(bytes.subarray(-16));
      return concat([decipher.update(bytes.subarray(0, -16)), decipher.final()]);
    },
  };
}

test('proves the code to a gateway, and speaks with its launcher', async (t) => {
  const pki = createTestPki();
  const gateway = await startGateway(createEnv({ pki, couchUrl: 'http://127.0.0.1:9/' }));
  t.after(() => gateway.stop());
  const { run, listeners } = await openOffer(gateway);
  const { leaf, key } = throwAway();
  const { address: host, port } = listeners[0] ?? { address: '', port: 0 };
  const socket = connect({ host, port, cert: leaf, key, minVersion: 'TLSv1.3', rejectUnauthorized: false });
  t.after(() => socket.destroy());
  await once(socket, 'secureConnect');

  const { next, say, sid, isk, adB } = await proveCode(socket, CODE);
  assert.equal(adB['role'], 'join-B');
  assert.equal(adB['userId'], pki.ada.ca.userId);
  assert.equal((await untilPair(gateway, 'pair-proved')).label, 'other');

  const seals = createSeals(isk, sid);
  const commit = text(JSON.stringify({ type: 'commit', commitment: base64(randomBytes(32)) }));
  say(seals.seal('data', 0, commit));
  assert.equal((await untilPair(gateway, 'pair-data')).data, base64(commit));
  await gateway.call('pair-send', { run, data: base64(text('from B')) });
  // Signs of life come in between, however long this took.
  let said = await next();
  while (said['type'] === 'wait') {
    assert.equal(seals.open(said).length, 0);
    said = await next();
  }
  assert.equal(seals.open(said).toString(), 'from B');
  say(seals.seal('end', 1, text('left')));
  assert.equal((await untilPair(gateway, 'pair-ended')).reason, 'left');
});
