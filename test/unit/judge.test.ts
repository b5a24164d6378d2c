import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseEnv, type Service } from '../../dist/core/env/env.js';
import { readCertificate } from '../../dist/core/leaf/certificate.js';
import { judgeDialled, judgeLeaf } from '../../dist/core/leaf/judge.js';
import { isRevokedDevice } from '../../dist/core/leaf/revoked-device.js';
import type { DeviceId } from '../../dist/core/ids.js';
import { extendedKeyUsage } from '../../dist/adapters/pki/extensions.js';
import { signStatement } from '../../dist/adapters/pki/sign-statement.js';
import { createEnv } from '../kit/env.js';
import {
  createTestPki,
  customLeaf,
  FLAW_NAMES,
  VERDICT_OF_FLAW,
  flawedLeaf,
  intermediateCa,
  leafSignedBy,
  selfSignedLeaf,
  type TestLeaf,
} from '../kit/pki.js';

const pki = createTestPki();
const { ada, grace, now } = pki;

interface Plan {
  readonly trust?: Record<string, unknown>;
  readonly principals?: readonly unknown[];
}

function serviceWith({ trust = {}, principals }: Plan = {}): Service {
  const env = createEnv({ pki, couchUrl: 'http://127.0.0.1:5984/', ...(principals && { principals }) });
  const parsed = parseEnv({ ...env, trust: { ...env.trust, ...trust } });
  assert.ok('env' in parsed && parsed.env.service !== null, JSON.stringify(parsed));
  return parsed.env.service;
}

const pemToDer = (pem: string): Buffer => Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');

/** The role, or the reason why there is none. */
function verdict(leaf: TestLeaf, { trust, policy }: Service = serviceWith(), at = now): string {
  const judged = judgeLeaf(readCertificate(pemToDer(leaf.certPem)), trust, policy, at);
  return 'admitted' in judged ? judged.admitted.role.name : judged.denied;
}

describe('the judgement of a leaf', () => {
  test('an own device and a named device of another user are let in', () => {
    assert.equal(verdict(ada.desktop), 'own-device');
    assert.equal(verdict(grace.laptop), 'novel-crew');
  });

  test('an empty policy lets no one in', () => {
    assert.equal(verdict(ada.desktop, serviceWith({ principals: [] })), 'no-principal');
  });

  test('no certificate, and none that can be read', () => {
    const { trust, policy } = serviceWith();
    assert.deepEqual(judgeLeaf(null, trust, policy, now), { denied: 'no-certificate', deviceId: null });
    assert.equal(readCertificate(Buffer.from('nonsense')), null);
  });

  test('a stranger, a device that no entry names, a CA itself, and whoever they signed for', () => {
    assert.equal(verdict(pki.stranger.laptop), 'issuer-unknown');
    assert.equal(verdict(grace.desktop), 'no-principal');
    assert.equal(verdict({ ...ada.laptop, certPem: ada.ca.certPem }), 'is-ca');
    assert.equal(verdict(leafSignedBy(ada.desktop, now)), 'issuer-unknown');
    assert.equal(verdict(leafSignedBy(intermediateCa(ada.ca, now), now)), 'issuer-unknown');
  });

  for (const flaw of FLAW_NAMES) {
    test(`of the own CA, but ${flaw}: ${VERDICT_OF_FLAW[flaw]}`, () => {
      assert.equal(verdict(flawedLeaf(flaw, ada.ca, now)), VERDICT_OF_FLAW[flaw]);
    });
  }

  test('dates are judged at the time of the judgement', () => {
    const day = 24 * 3_600_000;
    assert.equal(verdict(ada.desktop, serviceWith(), new Date(now.getTime() - 2 * day)), 'issuer-dates');
    assert.equal(verdict(ada.desktop, serviceWith(), new Date(now.getTime() + 823 * day)), 'own-device');
    assert.equal(verdict(ada.desktop, serviceWith(), new Date(now.getTime() + 826 * day)), 'expired');
  });

  test('a whitelisted certificate is let in by its DER, whoever signed it; its twin of the same key is not', () => {
    const nas = selfSignedLeaf(now);
    const plan = {
      trust: { certs: { nas: nas.certPem } },
      principals: [{ cert: 'nas', role: 'novel-crew' }],
    };
    assert.equal(verdict(nas, serviceWith(plan)), 'novel-crew');
    assert.equal(verdict(selfSignedLeaf(now), serviceWith(plan)), 'issuer-unknown');
  });

  test('a whitelisted certificate that has expired, or is for servers only, is not let in', () => {
    for (const flaw of ['expired', 'server-auth-only'] as const) {
      const leaf = flawedLeaf(flaw, pki.stranger.ca, now);
      const plan = {
        trust: { certs: { it: leaf.certPem } },
        principals: [{ cert: 'it', role: 'novel-crew' }],
      };
      assert.equal(verdict(leaf, serviceWith(plan)), flaw === 'expired' ? 'expired' : 'extended-key-usage');
    }
    const leaf = flawedLeaf('no-extended-key-usage', pki.stranger.ca, now);
    const plan = { trust: { certs: { it: leaf.certPem } }, principals: [{ cert: 'it', role: 'novel-crew' }] };
    assert.equal(verdict(leaf, serviceWith(plan)), 'novel-crew');
  });

  test('the first principal that matches holds', () => {
    const first = { issuer: 'user', device: ada.desktop.deviceId, role: 'novel-crew' };
    const service = serviceWith({ principals: [first, { issuer: 'user', role: 'own-device' }] });
    assert.equal(verdict(ada.desktop, service), 'novel-crew');
    assert.equal(verdict(ada.camera, service), 'own-device');
  });

  test('revoked here: by device, and by fingerprint; whitelisted or not', () => {
    const byDevice = serviceWith({ trust: { revoked: [`device:${ada.desktop.deviceId}`] } });
    assert.equal(verdict(ada.desktop, byDevice), 'revoked-here');
    assert.equal(verdict(ada.camera, byDevice), 'own-device');
    const byPrint = serviceWith({ trust: { revoked: [`sha256:${ada.desktop.fingerprint}`] } });
    assert.equal(verdict(ada.desktop, byPrint), 'revoked-here');
    const nas = selfSignedLeaf(now);
    const whitelisted = {
      trust: { certs: { nas: nas.certPem }, revoked: [`device:${nas.deviceId}`] },
      principals: [{ cert: 'nas', role: 'novel-crew' }],
    };
    assert.equal(verdict(nas, serviceWith(whitelisted)), 'revoked-here');
  });

  test('a statement revokes leaves of the CA that signed it, and no others', () => {
    const revocation = (user: typeof ada, deviceId: DeviceId) =>
      signStatement(
        { type: 'revocation', userId: user.ca.userId, time: now.toISOString(), deviceId },
        user.ca,
      );
    const byAda = serviceWith({ trust: { revocations: [revocation(ada, ada.desktop.deviceId)] } });
    assert.equal(verdict(ada.desktop, byAda), 'revoked-by-ca');
    assert.equal(verdict(ada.camera, byAda), 'own-device');
    const byGrace = serviceWith({ trust: { revocations: [revocation(grace, ada.desktop.deviceId)] } });
    assert.equal(verdict(ada.desktop, byGrace), 'own-device');
  });
});

describe('the judgement of whoever was dialled', () => {
  const dialled = (leaf: TestLeaf, device: DeviceId | null, service = serviceWith()): string => {
    const judged = judgeDialled(
      readCertificate(pemToDer(leaf.certPem)),
      device,
      service.trust,
      service.policy,
      now,
    );
    return 'admitted' in judged ? judged.admitted.role.name : judged.denied;
  };

  test('is that of a client, and pinned to the device', () => {
    assert.equal(dialled(ada.desktop, ada.desktop.deviceId), 'own-device');
    assert.equal(dialled(ada.desktop, ada.camera.deviceId), 'other-device');
    assert.equal(dialled(pki.stranger.laptop, pki.stranger.laptop.deviceId), 'issuer-unknown');
    const revoked = serviceWith({ trust: { revoked: [`device:${ada.desktop.deviceId}`] } });
    assert.equal(dialled(ada.desktop, ada.desktop.deviceId, revoked), 'revoked-here');
    assert.deepEqual(judgeDialled(null, null, revoked.trust, revoked.policy, now), {
      denied: 'no-certificate',
      deviceId: null,
    });
  });

  test('of an unknown name takes any device that is let in', () => {
    assert.equal(dialled(ada.desktop, null), 'own-device');
    assert.equal(dialled(grace.desktop, null), 'no-principal');
  });

  test('wants a leaf that is for servers too', () => {
    const extension = extendedKeyUsage(['clientAuth']);
    const plan = { extensions: new Map([[extension.oid, extension]]) };
    const leaf = customLeaf({ name: ada.ca.userId, keyPem: ada.ca.keyPem }, now, plan);
    assert.equal(verdict(leaf), 'own-device');
    assert.equal(dialled(leaf, leaf.deviceId), 'server-auth');
    const whitelisted = (nas: TestLeaf): Service =>
      serviceWith({
        trust: { certs: { nas: nas.certPem } },
        principals: [{ cert: 'nas', role: 'novel-crew' }],
      });
    const plain = flawedLeaf('no-extended-key-usage', pki.stranger.ca, now);
    assert.equal(dialled(plain, plain.deviceId, whitelisted(plain)), 'novel-crew');
    const client = customLeaf({ name: pki.stranger.ca.userId, keyPem: pki.stranger.ca.keyPem }, now, plan);
    assert.equal(dialled(client, client.deviceId, whitelisted(client)), 'server-auth');
  });
});

describe('a device that is revoked as far as its id tells', () => {
  const { desktop } = ada;
  const byCa = (user: typeof ada, { deviceId }: TestLeaf, principals?: readonly unknown[]): Service => {
    const payload = {
      type: 'revocation',
      userId: user.ca.userId,
      time: now.toISOString(),
      deviceId,
    } as const;
    return serviceWith({
      trust: { revocations: [signStatement(payload, user.ca)] },
      ...(principals && { principals }),
    });
  };
  const own = { issuer: 'user', role: 'own-device' };
  const crew = { issuer: 'grace', role: 'novel-crew' };
  const named = { ...crew, device: grace.laptop.deviceId };

  const rows: readonly [string, TestLeaf, Service, boolean][] = [
    ['nobody denies it', desktop, serviceWith(), false],
    ['denied here', desktop, serviceWith({ trust: { revoked: [`device:${desktop.deviceId}`] } }), true],
    [
      'another one is denied here',
      ada.camera,
      serviceWith({ trust: { revoked: [`device:${desktop.deviceId}`] } }),
      false,
    ],
    ['its own CA', desktop, byCa(ada, desktop), true],
    ['another one, by its own CA', ada.camera, byCa(ada, desktop), false],
    ['a CA whose device it is not', desktop, byCa(grace, desktop), false],
    [
      'the CA of the user that the policy names it under',
      grace.laptop,
      byCa(grace, grace.laptop, [own, named]),
      true,
    ],
    ['a CA, where it may be another’s', grace.laptop, byCa(grace, grace.laptop, [own, crew]), false],
    ['a CA, where it can be nobody else’s', grace.laptop, byCa(grace, grace.laptop, [crew]), true],
  ];
  for (const [name, { deviceId }, service, isRevoked] of rows)
    test(name, () => assert.equal(isRevokedDevice(deviceId, service), isRevoked));

  test('a whitelisted certificate is a way in that no other CA closes', () => {
    const certs = { camera: grace.camera.certPem };
    const principals = [own, { cert: 'camera', role: 'novel-crew' }];
    const payload = { type: 'revocation', userId: grace.ca.userId, time: now.toISOString() } as const;
    const revocations = [signStatement({ ...payload, deviceId: grace.camera.deviceId }, grace.ca)];
    const service = serviceWith({ trust: { certs, revocations }, principals });
    assert.equal(isRevokedDevice(grace.camera.deviceId, service), false);
    assert.equal(verdict(grace.camera, service), 'revoked-by-ca');
  });
});
