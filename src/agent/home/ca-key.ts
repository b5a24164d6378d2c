// The user CA's key on disk, under a passphrase or not: read only to sign, and given back only as a CA that it fits.
import { createPublicKey } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder, writeFileAtomic } from '../../adapters/home/atomic-file.js';
import { NotPrivate, readPrivateFile } from '../../adapters/home/private-file.js';
import { decryptKey, isEncryptedKey } from '../../adapters/pki/encrypted-key.js';
import { PkiError } from '../../adapters/pki/keys.js';
import type { UserCa } from '../../adapters/pki/user-ca.js';
import { Failure } from '../cli/failure.js';
import { IDENTITY_FILES, type Identity } from './identity.js';
import type { Paths } from './paths.js';

/** `none`: another device has it. */
export type CaKeyKind = 'none' | 'plain' | 'encrypted';

export const caKeyPath = ({ identity }: Pick<Paths, 'identity'>): string =>
  join(identity, IDENTITY_FILES.caKey);

/** As it stands in the file; null where this device has none. */
export function readCaKeyFile(paths: Pick<Paths, 'identity'>): Promise<string | null> {
  return readPrivateFile(caKeyPath(paths)).catch((error: unknown) => {
    if (!(error instanceof NotPrivate)) throw error;
    throw new Failure('config', 'wrong-mode', `${error.path} can be read by others`, {
      hint: `Run: chmod 600 ${error.path}`,
    });
  });
}

export async function caKeyKind(paths: Pick<Paths, 'identity'>): Promise<CaKeyKind> {
  const text = await readCaKeyFile(paths);
  if (text === null) return 'none';
  return isEncryptedKey(text) ? 'encrypted' : 'plain';
}

export const writeCaKeyFile = (paths: Pick<Paths, 'identity'>, text: string): Promise<void> =>
  writeFileAtomic(caKeyPath(paths), text);

export async function removeCaKeyFile(paths: Pick<Paths, 'identity'>): Promise<void> {
  await rm(caKeyPath(paths), { force: true });
  await syncFolder(paths.identity);
}

/** As it stands in the file; fails where this device has none. */
export async function requireCaKey(paths: Pick<Paths, 'identity'>): Promise<string> {
  const text = await readCaKeyFile(paths);
  if (text !== null) return text;
  throw new Failure('noPermission', 'no-ca-key', 'the user CA key is not on this device', {
    hint: 'Run this on a device that has it: `patchcord devices` tells what is known.',
  });
}

/** The CA, to sign with. Fails where the key is not here, its passphrase is missing or wrong, or it is another's. */
export async function openUserCa(
  paths: Pick<Paths, 'identity'>,
  { caPem, userId }: Pick<Identity, 'caPem' | 'userId'>,
  passphrase: string | null,
): Promise<UserCa> {
  const text = await requireCaKey(paths);
  return { certPem: caPem, keyPem: requireKeyOf(caPem, openKey(text, passphrase)), userId };
}

/** The key (PKCS#8 PEM) in a file's text. */
export function openKey(text: string, passphrase: string | null): string {
  if (!isEncryptedKey(text)) return text;
  if (passphrase === null)
    throw new Failure('noPermission', 'needs-passphrase', 'the user CA key has a passphrase', {
      hint: 'Run this at a terminal, or set PATCHCORD_CA_PASSPHRASE.',
    });
  try {
    return decryptKey(text, passphrase);
  } catch (error) {
    if (!(error instanceof PkiError)) throw error;
    throw new Failure('noPermission', 'wrong-passphrase', 'that is not the passphrase of the user CA key');
  }
}

/** The key, which fails unless it is that of the certificate. */
export function requireKeyOf(caPem: string, keyPem: string): string {
  const publicOf = (pem: string): string => {
    const key = createPublicKey(pem);
    return key.export({ type: 'spki', format: 'pem' }).toString();
  };
  try {
    if (publicOf(caPem) === publicOf(keyPem)) return keyPem;
  } catch {
    // No key at all: as good as another's.
  }
  throw new Failure('data', 'other-key', 'that is not the key of this user CA');
}
