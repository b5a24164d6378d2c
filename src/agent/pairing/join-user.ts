// `join`: makes this device one of another device's user. Keeps a leaf for its own key alone, by the CA that the digits
// were made over, after the person's yes; killed at any moment, it is what it was or what it became.
import { createPublicKey, randomBytes } from 'node:crypto';
import { createCsr } from '../../adapters/pki/csr.js';
import { createDeviceKey } from '../../adapters/pki/keys.js';
import { deviceIdOf } from '../../core/ids.js';
import { createJoinJoiner } from '../../core/pairing/launcher/join-joiner.js';
import type { UserCaCertificate } from '../../core/pairing/launcher/grant.js';
import { NONCE_BYTES, type IssuedLeaf } from '../../core/pairing/launcher/messages.js';
import { moveIn } from '../directory/move-in.js';
import { readCaKeyFile } from '../home/ca-key.js';
import { IDENTITY_FILES, type Identity } from '../home/identity.js';
import type { Paths } from '../home/paths.js';
import type { PairControl } from './control.js';
import { driveRun } from './drive.js';
import { beginTaking, OFFER_MS, type OfferTarget } from './offer.js';
import { acceptCaKey } from './passphrases.js';
import type { Ended, Teller } from './talk.js';

export interface JoinUserOptions {
  readonly control: PairControl;
  readonly talk: Teller;
  readonly paths: Paths;
  /** Null on a device that is new. */
  readonly identity: Identity | null;
  readonly label: string;
  readonly offer: OfferTarget;
  readonly code: string;
  readonly now: () => Date;
}

/** Only for who has the home's lock. */
export function joinUser(options: JoinUserOptions): Promise<Ended> {
  const { identity, now } = options;
  const keyPem = identity?.keyPem ?? createDeviceKey().keyPem;
  const deviceId = deviceIdOf(createPublicKey(keyPem).export({ type: 'spki', format: 'der' }));
  const launcher = createJoinJoiner({ csr: createCsr(keyPem), deviceId, nonce: randomBytes(NONCE_BYTES) });
  return driveRun({
    ...options,
    begin: () => beginTaking({ ...options, kind: 'join' }),
    launcher,
    deeds: { store: (received, over) => store(options, keyPem, received, over) },
    now,
    endsInMs: OFFER_MS,
  });
}

interface Received {
  readonly issued: IssuedLeaf;
  readonly ca: UserCaCertificate;
}

async function store(
  { talk, paths, identity, now }: JoinUserOptions,
  keyPem: string,
  { issued: { leaf, statements, caKey }, ca }: Received,
  over: AbortSignal,
): Promise<void> {
  const received = caKey === undefined ? null : await acceptCaKey(talk, ca.pem, caKey);
  over.throwIfAborted();
  const kept = identity?.userId === ca.userId ? await readCaKeyFile(paths) : null;
  const caKeyText = received ?? kept;
  const files = new Map([
    [IDENTITY_FILES.cert, leaf],
    [IDENTITY_FILES.key, keyPem],
    [IDENTITY_FILES.ca, ca.pem],
    ...(caKeyText === null ? [] : [[IDENTITY_FILES.caKey, caKeyText] as const]),
  ]);
  await moveIn({ paths, files, begin: (directory) => directory.learn(statements), now: now() });
}
