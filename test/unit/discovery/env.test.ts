// `discovery` in the env, and whom the env knows.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MAX_RECORDS } from '../../../dist/core/discovery/answer.js';
import { parseClaims } from '../../../dist/core/discovery/claims.js';
import { instanceNameOf } from '../../../dist/core/discovery/instance-name.js';
import { recordsOf, type RawRecord } from '../../../dist/core/discovery/records.js';
import { parseEnv, type Env } from '../../../dist/core/env/env.js';
import { deviceIdOf } from '../../../dist/core/ids.js';
import { knownDevices, usersLetIn } from '../../../dist/gateway/seen/known-devices.js';
import { createEnv } from '../../kit/env.js';
import { createTestPki } from '../../kit/pki.js';

const pki = createTestPki();
const couchUrl = 'http://127.0.0.1:9/';
const links = { listen: { on: ['near0'] } };

function compile(raw: unknown): Env {
  const result = parseEnv(raw);
  assert.ok('env' in result, JSON.stringify(result));
  return result.env;
}
const withDiscovery = (discovery: unknown): unknown =>
  createEnv({ pki, couchUrl, more: { ...links, discovery } });

describe('discovery in the env', () => {
  const switches = (raw: unknown): boolean[] => {
    const { announce, browse } = compile(raw).discovery;
    return [announce, browse];
  };

  test('is on, but for loopback, and what is switched off', () => {
    assert.deepEqual(switches(createEnv({ pki, couchUrl, more: links })), [true, true]);
    assert.deepEqual(switches(withDiscovery({ announce: false })), [false, true]);
    assert.deepEqual(switches(withDiscovery({ browse: false })), [true, false]);
    assert.deepEqual(switches(createEnv({ pki, couchUrl })), [false, false]);
    const asked = { discovery: { announce: true, browse: true } };
    assert.deepEqual(switches(createEnv({ pki, couchUrl, more: asked })), [false, false]);
  });

  test('without an identity there is nobody to announce', () => {
    assert.deepEqual(switches({ version: 1, discovery: { announce: true } }), [false, true]);
  });

  test('known devices are ids, up to a bound', () => {
    const ids = (count: number): string[] =>
      Array.from({ length: count }, (_, index) => deviceIdOf(Buffer.from(String(index))));
    assert.equal(compile(withDiscovery({ known: ids(4096) })).discovery.known.length, 4096);
    for (const known of [ids(4097), ['x'], [5], 'x']) {
      const result = parseEnv(withDiscovery({ known }));
      assert.ok('problems' in result && result.problems[0]?.path.startsWith('$.discovery.known') === true);
    }
  });

  test('known are those that it names, in the policy and besides, and never this device', () => {
    const { ada, grace } = pki;
    const known = [ada.desktop.deviceId, ada.laptop.deviceId];
    const env = compile(withDiscovery({ known }));
    assert.deepEqual([...knownDevices(env)].sort(), [ada.desktop.deviceId, grace.laptop.deviceId].sort());
    const raw = createEnv({
      pki,
      couchUrl,
      principals: [{ cert: 'old-nas', role: 'novel-crew' }],
      more: { trust: { cas: { user: ada.ca.certPem }, certs: { 'old-nas': pki.stranger.camera.certPem } } },
    });
    assert.deepEqual([...knownDevices(compile(raw))], [pki.stranger.camera.deviceId]);
  });

  test('an unknown name is worth dialling where a whole CA is let in, and nowhere else', () => {
    const { grace } = pki;
    const users = (raw: object): string[] => [...usersLetIn(compile(raw).service)];
    assert.deepEqual(users(createEnv({ pki, couchUrl })), [pki.ada.ca.userId]);
    const principals = [{ issuer: 'grace', device: grace.laptop.deviceId, role: 'novel-crew' }];
    assert.deepEqual(users(createEnv({ pki, couchUrl, principals })), []);
    assert.deepEqual([...usersLetIn(null)], []);
  });
});

test('of a packet, so many records are read, and no more', () => {
  const instance = instanceNameOf(pki.ada.laptop.deviceId, new Date());
  const own = recordsOf({ instance, port: 1, addresses: [] }) as RawRecord[];
  const padding = (count: number): RawRecord[] =>
    Array.from({ length: count }, () => ({ name: 'x.local', type: 'A', ttl: 1, data: '10.0.0.1' }));
  const portAfter = (count: number): number | null | undefined =>
    parseClaims({ answers: [...padding(count), ...own] })[0]?.port;
  assert.equal(portAfter(MAX_RECORDS - own.length), 1);
  assert.equal(portAfter(MAX_RECORDS - 1), null);
  assert.equal(portAfter(MAX_RECORDS), undefined);
});
