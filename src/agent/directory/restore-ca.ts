// Brings the user CA's key back from a backup: into the home of a device of that user, or with a new device.
import { createDeviceKey } from '../../adapters/pki/keys.js';
import { issueLeaf } from '../../adapters/pki/user-ca.js';
import { Failure } from '../cli/failure.js';
import type { CaBackup } from '../home/ca-backup.js';
import { openKey, requireKeyOf, writeCaKeyFile } from '../home/ca-key.js';
import { findIdentity, lockHome } from '../home/home.js';
import { IDENTITY_FILES } from '../home/identity.js';
import type { Paths } from '../home/paths.js';
import { moveIn } from './move-in.js';
import { signDevice, signKeyHolder } from './sign.js';

export interface RestoreOptions {
  readonly paths: Paths;
  readonly backup: CaBackup;
  readonly passphrase: string;
  /** Of a new device. */
  readonly name: string;
  readonly now: Date;
}

/** Whether it made a device. */
export async function restoreCa(options: RestoreOptions): Promise<boolean> {
  const { paths, backup, passphrase } = options;
  const keyPem = requireKeyOf(backup.certPem, openKey(backup.keyText, passphrase));
  const identity = await findIdentity(paths);
  if (identity === null) {
    await makeDevice(options, keyPem);
    return true;
  }
  if (identity.userId !== backup.userId)
    throw new Failure('cannotCreate', 'other-user', 'this device is of another user', {
      hint: `Its identity is in ${paths.identity}: move that away first, if it is not needed.`,
    });
  await writeCaKeyFile(paths, backup.keyText);
  return false;
}

async function makeDevice({ paths, backup, name, now }: RestoreOptions, keyPem: string): Promise<void> {
  const lock = await lockHome(paths);
  try {
    const ca = { certPem: backup.certPem, keyPem, userId: backup.userId };
    const device = createDeviceKey();
    const leaf = issueLeaf({ ca, publicKey: device.publicKey, now });
    const files = new Map([
      [IDENTITY_FILES.cert, leaf],
      [IDENTITY_FILES.key, device.keyPem],
      [IDENTITY_FILES.ca, ca.certPem],
      [IDENTITY_FILES.caKey, backup.keyText],
    ]);
    const { deviceId } = device;
    await moveIn({
      paths,
      files,
      begin: async (directory) => {
        await signDevice({ directory, ca, now }, { deviceId, name, leaf });
        await signKeyHolder({ directory, ca, now }, deviceId);
      },
      now,
    });
  } finally {
    await lock.release();
  }
}
