// The matrix of certificates, over real handshakes: what the flaws of one field are not (those are in kit/pki.ts, and tried
// in integration/gateway/admission). Each row is refused without a byte of HTTP, for the reason that it says, and its twin,
// with one thing changed, is let in, as the device whose key it is.
import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import {
  basicConstraints,
  keyUsage,
  subjectAltName,
  type Extension,
} from '../../dist/adapters/pki/extensions.js';
import { spkiOf } from '../../dist/adapters/pki/keys.js';
import type { DeniedEvent } from '../../dist/core/control/protocol.js';
import { createEnv } from '../kit/env.js';
import { startGateway, type TestGateway } from '../kit/gateway.js';
import { createTestPki, customLeaf, intermediateCa, leafSignedBy, type TestLeaf } from '../kit/pki.js';
import { connectRaw, get, parseReply } from '../kit/raw-client.js';
import { startRecordingUpstream, type RecordingUpstream } from '../kit/recording-upstream.js';
import { eventually } from '../kit/until.js';

const pki = createTestPki();
const { ada, grace, stranger, now } = pki;
const byAda = { name: ada.ca.userId, keyPem: ada.ca.keyPem };
const DAY_MS = 24 * 3_600_000;

interface Shown {
  /** The leaf, and after it whatever a client may add: the stack sends all of it. */
  readonly cert: string;
  readonly key: string;
  readonly deviceId: string;
  /** Where the client's own stack would refuse to show such a key. */
  readonly ciphers?: string;
}

const show = ({ certPem, keyPem, deviceId }: TestLeaf, chain: readonly string[] = []): Shown => ({
  cert: certPem + chain.join(''),
  key: keyPem,
  deviceId,
});

const namesOf = (dnsName: string): Extension =>
  subjectAltName({ dnsName, uri: `patchcord:device:${ada.desktop.deviceId}` });

const tlsOf = ({ cert, key, ciphers }: Shown) => ({ cert, key, ...(ciphers !== undefined && { ciphers }) });

interface Row {
  readonly what: string;
  readonly refused: () => Shown;
  /** More than one where it depends on the version of OpenSSL whether the handshake ends first. */
  readonly verdicts: readonly DeniedEvent['rule'][];
  readonly twin: () => Shown;
}

const good = (): Shown => show(ada.issue());

/** CAs that each sign the next, of which Ada's signed the first; and a leaf of the last. */
function chainOf(length: number): { readonly certs: readonly string[]; readonly leaf: TestLeaf } {
  let issuer = intermediateCa(ada.ca, now);
  const certs = [issuer.certPem];
  const extensions = [basicConstraints({ ca: true }), keyUsage(['keyCertSign', 'digitalSignature'])];
  for (let index = 1; index < length; index++) {
    issuer = customLeaf({ name: issuer.deviceId, keyPem: issuer.keyPem }, now, {
      extensions: new Map(extensions.map((made) => [made.oid, made])),
    });
    certs.unshift(issuer.certPem);
  }
  return { certs, leaf: leafSignedBy(issuer, now) };
}

const withExtension = (extension: Extension): TestLeaf =>
  customLeaf(byAda, now, { extensions: new Map([[extension.oid, extension]]) });

const critical = (isCritical: boolean): Extension => ({
  oid: '1.3.6.1.5.5.7.13.1',
  critical: isCritical,
  value: Uint8Array.of(5, 0),
});

/** A client's own stack would not show some of these. */
const ciphers = 'DEFAULT:@SECLEVEL=0';

function ofKey(pair: { privateKey: KeyObject; publicKey: KeyObject }): Shown {
  const keyPem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { ...show(customLeaf(byAda, now, { key: { keyPem, publicKey: spkiOf(pair.publicKey) } })), ciphers };
}

const validFrom = (days: number, to: number): Shown =>
  show(
    customLeaf(byAda, now, {
      fields: {
        notBefore: new Date(now.getTime() + days * DAY_MS),
        notAfter: new Date(now.getTime() + to * DAY_MS),
      },
    }),
  );

const rsa = (modulusLength: number): Shown => ofKey(generateKeyPairSync('rsa', { modulusLength }));
const ec = (namedCurve: string): Shown => ofKey(generateKeyPairSync('ec', { namedCurve }));
const p256 = (): Shown => ec('prime256v1');
const CHAIN = chainOf(12);

/** 1 MiB of certificates: the stack reads no more than 100 KiB. */
const huge = (): readonly string[] => Array.from({ length: 1200 }, () => CHAIN.certs[0] ?? '');

const ROWS: readonly Row[] = [
  {
    what: 'a chain of twelve CAs below the own one',
    refused: () => show(CHAIN.leaf, CHAIN.certs),
    verdicts: ['issuer-unknown'],
    twin: () => show(ada.issue(), CHAIN.certs),
  },
  {
    what: 'a chain of a thousand',
    refused: () => show(ada.issue(), huge()),
    verdicts: ['tls'],
    twin: () => show(ada.issue(), huge().slice(0, 20)),
  },
  {
    what: 'a CA, its own key and all, as a leaf',
    refused: () => ({ cert: ada.ca.certPem, key: ada.ca.keyPem, deviceId: ada.ca.userId }),
    verdicts: ['is-ca'],
    twin: good,
  },
  {
    what: 'a leaf that acts as a CA, with the leaf beside it',
    refused: () => show(leafSignedBy(ada.desktop, now), [ada.desktop.certPem]),
    verdicts: ['issuer-unknown'],
    twin: () => show(ada.desktop, [ada.desktop.certPem]),
  },
  {
    what: 'another CA of the same name',
    refused: () => show(customLeaf({ ...byAda, keyPem: stranger.ca.keyPem }, now), [ada.ca.certPem]),
    verdicts: ['issuer-unknown'],
    twin: () => show(customLeaf(byAda, now), [stranger.ca.certPem]),
  },
  {
    what: 'the key and the CN of an own device, by a CA that nobody knows',
    refused: () => show(customLeaf({ ...byAda, keyPem: stranger.ca.keyPem }, now, { key: ada.desktop })),
    verdicts: ['issuer-unknown'],
    twin: () => show(customLeaf(byAda, now, { key: ada.desktop })),
  },
  {
    what: 'the key and the CN of an own device, by a CA of another user',
    refused: () =>
      show(customLeaf({ name: grace.ca.userId, keyPem: grace.ca.keyPem }, now, { key: ada.desktop })),
    verdicts: ['no-principal'],
    twin: () =>
      show(customLeaf({ name: grace.ca.userId, keyPem: grace.ca.keyPem }, now, { key: grace.laptop })),
  },
  {
    what: 'an unknown extension that is critical',
    refused: () => show(withExtension(critical(true))),
    verdicts: ['critical-extension'],
    twin: () => show(withExtension(critical(false))),
  },
  {
    what: 'the CN of another own device',
    refused: () => show(customLeaf(byAda, now, { fields: { subject: ada.desktop.deviceId } })),
    verdicts: ['name'],
    // Alternative names say nothing of who it is: whoever claims to be another there is still itself.
    twin: () => show(withExtension(namesOf(`${ada.desktop.deviceId}.patchcord.internal\0.evil/x`))),
  },
  {
    what: 'a second after its end',
    refused: () => validFrom(-2, -1 / 86_400),
    verdicts: ['expired'],
    twin: () => validFrom(-2, 1 / 24),
  },
  {
    what: 'an hour before its beginning',
    refused: () => validFrom(1 / 24, 2),
    verdicts: ['not-yet-valid'],
    twin: () => validFrom(-1 / 24, 2),
  },
  ...[1024, 4096].map((size): Row => ({
    what: `RSA of ${size} bits`,
    refused: () => rsa(size),
    verdicts: ['key-type', 'tls'],
    twin: p256,
  })),
  {
    what: 'secp256k1',
    refused: () => ec('secp256k1'), // The client has no signature to offer with it, and shows none.
    verdicts: ['key-type', 'tls', 'no-certificate'],
    twin: p256,
  },
  {
    what: 'Ed448',
    refused: () => ofKey(generateKeyPairSync('ed448')),
    verdicts: ['key-type', 'tls'],
    twin: p256,
  },
];

let upstream: RecordingUpstream;
let gateway: TestGateway;
before(async () => {
  upstream = await startRecordingUpstream();
  gateway = await startGateway(createEnv({ pki, couchUrl: upstream.url }));
});
after(async () => {
  assert.equal(await gateway.stop(), 0);
  await upstream.close();
});

/** How often each rule has denied. */
const denied = async (): Promise<Readonly<Record<string, number>>> =>
  ((await gateway.call('status')) as { denied: Record<string, number> }).denied;

describe('refused without a byte of HTTP, and with one thing changed let in', () => {
  for (const { what, refused, verdicts, twin } of ROWS) {
    test(what, async () => {
      const counted = await denied();
      const client = connectRaw(gateway.port, tlsOf(refused()));
      client.write(get('/'));
      await client.closed;
      assert.equal(client.received().length, 0);
      const rule = await eventually(async () => {
        const counts = await denied();
        return Object.keys(counts).find((name) => counts[name] !== counted[name]) ?? null;
      });
      assert.ok((verdicts as readonly string[]).includes(rule), rule);

      const sound = twin();
      const letIn = connectRaw(gateway.port, tlsOf(sound));
      letIn.write(get('/'));
      const reply = parseReply(await letIn.until((bytes) => parseReply(bytes) !== null));
      assert.equal(reply?.status, 200);
      await gateway.until(
        (event) => event.event === 'connected' && event.principal.deviceId === sound.deviceId,
      );
      letIn.socket.destroy();
    });
  }
});
