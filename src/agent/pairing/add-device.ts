// `pair`: lets one new device become one of this user's. Signs once, after the code was proved and the person said yes,
// for the key that the digits were made over; every name in it is chosen here.
import { randomBytes, X509Certificate } from 'node:crypto';
import { encryptKey } from '../../adapters/pki/encrypted-key.js';
import { issueLeaf } from '../../adapters/pki/user-ca.js';
import { isRevokedBy, statementsOf, type DirectoryRecord } from '../../core/directory/record.js';
import { deviceIdOf, type DeviceId } from '../../core/ids.js';
import { parseCsr } from '../../core/leaf/csr.js';
import { createJoinOfferer } from '../../core/pairing/launcher/join-offerer.js';
import { NONCE_BYTES, type IssuedLeaf } from '../../core/pairing/launcher/messages.js';
import { formatStatement, type StatementDocument } from '../../core/statements.js';
import { Failure } from '../cli/failure.js';
import type { Membership } from '../directory/membership.js';
import { signDevice, signKeyHolder } from '../directory/sign.js';
import type { Paths } from '../home/paths.js';
import type { PairControl } from './control.js';
import { driveRun, type Request } from './drive.js';
import { beginOffer, OFFER_MS } from './offer.js';
import { openCaFor } from './passphrases.js';
import type { Ended, Teller } from './talk.js';

export interface AddDeviceOptions {
  readonly control: PairControl;
  readonly talk: Teller;
  readonly paths: Paths;
  readonly membership: Membership;
  /** Of this device. */
  readonly label: string;
  /** The new device may add others: it gets the user CA key under this passphrase. Null: it does not. */
  readonly keyPassphrase: string | null;
  readonly now: () => Date;
}

export function addDevice(options: AddDeviceOptions): Promise<Ended> {
  const { control, talk, label, now, membership } = options;
  const launcher = createJoinOfferer({
    caDer: new X509Certificate(membership.identity().caPem).raw,
    nonce: randomBytes(NONCE_BYTES),
    judgeCsr: (csr) => judgeCsr(csr, membership),
  });
  return driveRun({
    control,
    begin: () => beginOffer({ control, talk, kind: 'join', label, now }),
    launcher,
    talk,
    deeds: { sign: (request, over) => signFor(options, request, over) },
    now,
    endsInMs: OFFER_MS,
  });
}

/** Nobody gets a second leaf for this device's own key, and nobody who was revoked gets one at all. */
function judgeCsr(csr: Uint8Array, membership: Membership): DeviceId | null {
  const parsed = parseCsr(csr);
  if ('problem' in parsed) return null;
  const { userId, deviceId: self } = membership.identity();
  const { record, denied } = membership.directory().local();
  const device = deviceIdOf(parsed.publicKey);
  return device === self || denied.has(device) || isRevokedBy(record, userId, device) ? null : device;
}

async function signFor(
  options: AddDeviceOptions,
  { csr, deviceId, label }: Request,
  over: AbortSignal,
): Promise<IssuedLeaf> {
  const { talk, paths, membership, keyPassphrase, now } = options;
  const parsed = parseCsr(csr);
  if ('problem' in parsed) throw new Failure('data', 'csr', 'the request is none');
  const ca = await openCaFor(talk, paths, membership.identity());
  over.throwIfAborted();
  const directory = membership.directory();
  const leaf = issueLeaf({ ca, publicKey: parsed.publicKey, now: now() });
  const device = { deviceId, name: label, leaf };
  const statement = await signDevice({ directory, ca, now: now() }, device);
  if (keyPassphrase !== null) await signKeyHolder({ directory, ca, now: now() }, deviceId);
  const issued = { leaf, statements: firstStatements(directory.local().record, ca.userId, statement) };
  if (keyPassphrase === null) return issued;
  return { ...issued, caKey: await encryptKey(ca.keyPem, keyPassphrase) };
}

/** What has no room in the message comes by the directory: the device's own comes first, then who is revoked. */
function firstStatements(
  record: DirectoryRecord,
  userId: string,
  own: StatementDocument,
): StatementDocument[] {
  const others = statementsOf(record)
    .filter(({ by }) => by === userId)
    .map(formatStatement)
    .filter(({ payload }) => payload !== own.payload);
  return [own, ...others];
}
