// A new user CA for this device, when a holder of the old one's key was revoked: key and id of the device stay, and
// whatever the old CA signed is refused from then on.
import { createPublicKey } from 'node:crypto';
import { encryptKey } from '../../adapters/pki/encrypted-key.js';
import { spkiOf } from '../../adapters/pki/keys.js';
import { createUserCa, issueLeaf } from '../../adapters/pki/user-ca.js';
import type { DeviceId, UserId } from '../../core/ids.js';
import { IDENTITY_FILES } from '../home/identity.js';
import type { Paths } from '../home/paths.js';
import type { Directory } from './directory.js';
import type { Membership } from './membership.js';
import { moveIn } from './move-in.js';
import { signDevice, signKeyHolder, signRevocation } from './sign.js';

export interface NewUserOptions {
  readonly paths: Paths;
  readonly membership: Membership;
  /** Of this device. */
  readonly name: string;
  /** Whose id the new CA denies from the start. */
  readonly revoked: readonly DeviceId[];
  /** For the new key; null leaves it without one. */
  readonly passphrase: string | null;
  readonly now: Date;
}

/** Resolves with the new user's id. What the new CA says is stored before this device is its own. */
export async function becomeNewUser(options: NewUserOptions): Promise<UserId> {
  const { paths, membership, name, revoked, passphrase, now } = options;
  const { keyPem, deviceId } = membership.identity();
  const ca = createUserCa({ now });
  const leaf = issueLeaf({ ca, publicKey: spkiOf(createPublicKey(keyPem)), now });
  const caKey = passphrase === null ? ca.keyPem : await encryptKey(ca.keyPem, passphrase);
  const files = new Map([
    [IDENTITY_FILES.cert, leaf],
    [IDENTITY_FILES.key, keyPem],
    [IDENTITY_FILES.ca, ca.certPem],
    [IDENTITY_FILES.caKey, caKey],
  ]);
  const begin = async (directory: Directory): Promise<void> => {
    const context = { directory, ca, now };
    await signDevice(context, { deviceId, name, leaf });
    await signKeyHolder(context, deviceId);
    for (const device of revoked) await signRevocation(context, device);
  };
  await moveIn({ paths, files, begin, now });
  await membership.reopen();
  return ca.userId;
}
