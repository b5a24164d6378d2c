// A backup of the user CA: one PEM file with the certificate and the key, the key under a passphrase.
import { X509Certificate } from 'node:crypto';
import { lstat, readFile } from 'node:fs/promises';
import { writeFileAtomic } from '../../adapters/home/atomic-file.js';
import { isOneEncryptedKey } from '../../adapters/pki/encrypted-key.js';
import { spkiOf } from '../../adapters/pki/keys.js';
import { userIdOf, type UserId } from '../../core/ids.js';
import { Failure } from '../cli/failure.js';

export interface CaBackup {
  readonly userId: UserId;
  readonly certPem: string;
  /** Under its passphrase. */
  readonly keyText: string;
}

/** The certificate, and what should be the key. */
const BACKUP = /^(-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+-----END CERTIFICATE-----\n)([^]+)$/;

/** Only this user can read it, where the file system knows users. */
export async function writeCaBackup(file: string, certPem: string, keyText: string): Promise<void> {
  const isThere = await lstat(file).then(
    () => true,
    () => false,
  );
  if (isThere)
    throw new Failure('cannotCreate', 'file-exists', `${file} is there already`, {
      hint: 'Say the name of a file that is not: no backup is overwritten.',
    });
  await writeFileAtomic(file, certPem + keyText);
}

export async function readCaBackup(file: string): Promise<CaBackup> {
  const [, certPem, keyText] = BACKUP.exec(await readFile(file, 'utf8')) ?? [];
  if (certPem === undefined || keyText === undefined || !isOneEncryptedKey(keyText)) throw notABackup(file);
  try {
    const { publicKey, ca } = new X509Certificate(certPem);
    if (ca) return { userId: userIdOf(spkiOf(publicKey)), certPem, keyText };
  } catch {
    // No certificate: as below.
  }
  throw notABackup(file);
}

const notABackup = (file: string): Failure =>
  new Failure('data', 'no-backup', `${file} is no backup of a user CA`, {
    hint: 'It has to be what `patchcord ca export` wrote.',
  });
