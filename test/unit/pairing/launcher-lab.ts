// Two launchers, joined by hand: what each says is kept until a test hands it on, whole, changed or not at all.
import { createHash, X509Certificate } from 'node:crypto';
import { issueLeaf } from '../../../dist/adapters/pki/user-ca.js';
import { createDeviceKey, type DeviceKey } from '../../../dist/adapters/pki/keys.js';
import type { UserId } from '../../../dist/core/ids.js';
import { createJoinJoiner } from '../../../dist/core/pairing/launcher/join-joiner.js';
import { createJoinOfferer } from '../../../dist/core/pairing/launcher/join-offerer.js';
import type {
  Launcher,
  LauncherEffect,
  LauncherEvent,
  Proved,
} from '../../../dist/core/pairing/launcher/launcher.js';
import { createShare } from '../../../dist/core/pairing/launcher/share.js';
import type { SharedDatabase } from '../../../dist/core/pairing/launcher/grant.js';
import { createTestPki } from '../../kit/pki.js';

export const pki = createTestPki();
export const { ada, grace, now } = pki;

export const bytes = (text: string): Uint8Array => new Uint8Array(createHash('sha256').update(text).digest());
export const derOf = (pem: string): Uint8Array => new Uint8Array(new X509Certificate(pem).raw);

/** One side: what it wants done, in order. */
export interface Side {
  readonly done: LauncherEffect[];
  /** What it wants sent and nobody has taken yet. */
  readonly sent: Uint8Array[];
  tell(event: LauncherEvent): void;
  /** The first effect of this kind; throws where there is none. */
  effect<Kind extends LauncherEffect['do']>(kind: Kind): Extract<LauncherEffect, { do: Kind }>;
  /** How it ended; null before. */
  outcome(): string | null;
}

export function createSide(launcher: Launcher): Side {
  const done: LauncherEffect[] = [];
  const sent: Uint8Array[] = [];
  const find = (kind: string) => done.find((effect) => effect.do === kind);
  return {
    done,
    sent,
    tell(event) {
      for (const effect of launcher.on(event)) {
        done.push(effect);
        if (effect.do === 'send') sent.push(effect.data);
      }
    },
    effect<Kind extends LauncherEffect['do']>(kind: Kind) {
      const effect = find(kind);
      if (effect === undefined) throw new Error(`nothing to ${kind}`);
      return effect as Extract<LauncherEffect, { do: Kind }>;
    },
    outcome() {
      const effect = find('end');
      return effect?.do === 'end' ? effect.outcome : null;
    },
  };
}

/** Hands everything on, both ways, until nothing is left. `through` may change what passes. */
export function carry(
  a: Side,
  b: Side,
  through: (data: Uint8Array, from: 'a' | 'b') => Uint8Array = (data) => data,
): void {
  while (a.sent.length + b.sent.length > 0) {
    for (const data of a.sent.splice(0)) b.tell({ event: 'data', data: through(data, 'a') });
    for (const data of b.sent.splice(0)) a.tell({ event: 'data', data: through(data, 'b') });
  }
}

export const proved = (label: string, userId: UserId | null, fields: Partial<Proved> = {}): Proved => ({
  event: 'proved',
  label,
  userId,
  time: now,
  now,
  ...fields,
});

export const newDevice = createDeviceKey();
/** To the machine a CSR is bytes that the launcher's own code judges. */
export const csr = new Uint8Array(newDevice.publicKey);

/** A is the new device, B holds the CA key, and would sign for any of `devices`. */
export function createJoin(devices: readonly DeviceKey[] = [newDevice]) {
  const a = createSide(createJoinJoiner({ csr, deviceId: newDevice.deviceId, nonce: bytes('nonce of A') }));
  const b = createSide(
    createJoinOfferer({
      caDer: derOf(ada.ca.certPem),
      nonce: bytes('nonce of B'),
      judgeCsr: (request) =>
        devices.find(({ publicKey }) => Buffer.from(request).equals(publicKey))?.deviceId ?? null,
    }),
  );
  return { a, b };
}

export const adaOffers: readonly SharedDatabase[] = [{ name: 'dmedia-0-novel', access: 'write' }];
export const graceOffers: readonly SharedDatabase[] = [{ name: 'dmedia-0-film', access: 'read' }];

/** A is Grace, who takes Ada's offer. */
export function createSharing() {
  const side = (name: 'A' | 'B', caPem: string, databases: readonly SharedDatabase[]): Side =>
    createSide(createShare({ side: name, caPem, databases, nonce: bytes(`nonce of ${name}`) }));
  return { a: side('A', grace.ca.certPem, graceOffers), b: side('B', ada.ca.certPem, adaOffers) };
}

/** Up to the question on both sides. */
export function proveJoin({ a, b }: ReturnType<typeof createJoin>): void {
  a.tell(proved("Ada's laptop", ada.ca.userId));
  b.tell(proved("Ada's camera", null));
}
export function proveSharing({ a, b }: ReturnType<typeof createSharing>): void {
  a.tell(proved("Ada's laptop", ada.ca.userId));
  b.tell(proved("Grace's laptop", grace.ca.userId));
}

export const leafFor = (publicKey: Uint8Array, ca = ada.ca): string => issueLeaf({ ca, publicKey, now });
