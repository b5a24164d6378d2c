// A client as docs/protocol-http.md has it, written from that page alone: of this package it uses the gateway to talk to.
import assert from 'node:assert/strict';
import { createHash, createPublicKey, verify, X509Certificate, type KeyObject } from 'node:crypto';
import { request } from 'node:https';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { TLSSocket } from 'node:tls';
import { signStatement } from '../../../dist/adapters/pki/sign-statement.js';
import { createEnv, tlsOf } from '../../kit/env.js';
import { startGateway, type TestGateway } from '../../kit/gateway.js';
import { createTestPki, type TestLeaf } from '../../kit/pki.js';
import { hashOf, pattern, put } from '../files/temp-store.js';
import { slowSkein } from '../../vectors/slow-skein.js';

const ALPHABET = '3456789ABCDEFGHIJKLMNOPQRSTUVWXY';
const DIGEST_BYTES = 30;

/** Section "Writing a client", 2. */
function dbase32(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{5}/g) ?? []).map((five) => ALPHABET[parseInt(five, 2)] ?? '').join('');
}
const idOfKey = (key: KeyObject): string =>
  dbase32(
    createHash('sha256')
      .update(key.export({ type: 'spki', format: 'der' }))
      .digest()
      .subarray(0, DIGEST_BYTES),
  );

/** Section "Checking a blob". */
const skein = (key: string, what: 'leaf' | 'root', bytes: Uint8Array): Buffer =>
  slowSkein(240, Buffer.from(key), Buffer.from(`20110430 jderose@novacut.com dmedia/${what}`), bytes);

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** A connection, judged before anything is sent: signed by this CA, within its dates, and of the device that was dialled. */
function ask(
  port: number,
  own: TestLeaf,
  caPem: string,
  peerId: string,
  path: string,
  headers = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = request({
      ...{ host: '::1', port, path, headers, ...tlsOf(own), agent: false },
      ...{ minVersion: 'TLSv1.3', rejectUnauthorized: false, servername: 'any.patchcord.internal' },
    });
    sent.once('socket', (socket) => {
      socket.once('secureConnect', () => {
        const leaf = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
        if (leaf === undefined || !isOf(leaf, caPem, peerId)) socket.destroy(new Error('another device'));
      });
    });
    sent.once('error', reject);
    sent.once('response', (reply) => {
      const pieces: Buffer[] = [];
      reply.on('data', (piece: Buffer) => pieces.push(piece));
      reply.on('end', () =>
        resolve({ status: reply.statusCode ?? 0, headers: reply.headers, body: Buffer.concat(pieces) }),
      );
    });
    sent.end();
  });
}

function isOf(leaf: X509Certificate, caPem: string, peerId: string): boolean {
  const now = Date.now();
  const isNow = Date.parse(leaf.validFrom) <= now && now < Date.parse(leaf.validTo);
  const isSigned = leaf.verify(new X509Certificate(caPem).publicKey) && !leaf.ca;
  return isNow && isSigned && leaf.subject === `CN=${peerId}` && idOfKey(leaf.publicKey) === peerId;
}

/** Section "Statements". */
function isRevocationBy(caPem: string, text: string, statement: Record<string, string>): boolean {
  const { payload = '', signature = '', by = '' } = statement;
  const key = createPublicKey(caPem);
  const signed = Buffer.concat([Buffer.from('patchcord-statement-v1\0'), Buffer.from(payload)]);
  const isSigned = verify(
    'sha256',
    signed,
    { key, dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  );
  const { type, userId, deviceId } = JSON.parse(payload) as Record<string, string>;
  return isSigned && by === idOfKey(key) && userId === by && type === 'revocation' && deviceId === text;
}

describe('a client of another make', () => {
  const pki = createTestPki();
  const { laptop, desktop, camera, ca } = pki.ada;
  const content = pattern(5000);
  const { id } = hashOf(content);
  let gateway: TestGateway;
  before(async () => {
    const store = mkdtempSync(join(tmpdir(), 'patchcord-client-'));
    ends.push(() => rmSync(store, { recursive: true, force: true }));
    put(store, id, content);
    const time = pki.now.toISOString();
    const payload = { type: 'revocation', userId: ca.userId, time, deviceId: camera.deviceId } as const;
    const trust = { cas: { user: ca.certPem }, revocations: [signStatement(payload, ca)] };
    const principals = [{ issuer: 'user', role: 'own-device' }];
    const env = { pki, couchUrl: 'http://127.0.0.1:9/', stores: [store], principals, more: { trust } };
    gateway = await startGateway(createEnv(env));
  });
  after(async () => {
    await gateway.stop();
    for (const end of ends) end();
  });
  const ends: (() => void)[] = [];
  const get = (path: string, headers?: object): Promise<Reply> =>
    ask(gateway.port, desktop, ca.certPem, laptop.deviceId, path, headers);

  test('knows whom it reached, and leaves another device', async () => {
    const info = JSON.parse(String((await get('/')).body)) as Record<string, string>;
    assert.deepEqual(
      [info['deviceId'], info['userId']],
      [laptop.deviceId, idOfKey(createPublicKey(ca.certPem))],
    );
    await assert.rejects(ask(gateway.port, desktop, ca.certPem, desktop.deviceId, '/'));
    await assert.rejects(ask(gateway.port, desktop, pki.grace.ca.certPem, laptop.deviceId, '/'));
  });

  test('learns who is revoked, by the signature', async () => {
    const { revocations } = JSON.parse(String((await get('/revocations')).body)) as {
      revocations: Record<string, string>[];
    };
    assert.equal(revocations.length, 1);
    assert.equal(isRevocationBy(ca.certPem, camera.deviceId, revocations[0] ?? {}), true);
    const forged = { ...revocations[0], payload: String(revocations[0]?.['payload']).replace(/Z/, 'Z ') };
    assert.equal(isRevocationBy(ca.certPem, camera.deviceId, forged), false);
  });

  test('checks a blob, and any part of it', async () => {
    const leaves = await get(`/files/${id}/leaves`);
    const size = Number(leaves.headers['patchcord-size']);
    assert.equal(dbase32(skein(String(size), 'root', leaves.body)), id);
    const [first, second] = [
      await get(`/files/${id}`, { range: 'bytes=0-2999' }),
      await get(`/files/${id}`, { range: `bytes=3000-${size - 1}` }),
    ];
    assert.deepEqual([first.status, second.status], [206, 206]);
    const whole = Buffer.concat([first.body, second.body]);
    assert.deepEqual(skein('0', 'leaf', whole), leaves.body);
    whole[0] = (whole[0] ?? 0) ^ 1;
    assert.notDeepEqual(skein('0', 'leaf', whole), leaves.body);
  });
});
