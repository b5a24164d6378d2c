// This device's identity on disk: its key and leaf, and the user CA. The user CA's key is written here, and read only
// by what signs.
import { createPrivateKey, createPublicKey, X509Certificate, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { writeFolderAtomic } from '../../adapters/home/atomic-file.js';
import { NotPrivate, readPrivateFile } from '../../adapters/home/private-file.js';
import { createDeviceKey } from '../../adapters/pki/keys.js';
import { createUserCa, issueLeaf } from '../../adapters/pki/user-ca.js';
import { deviceIdOf, userIdOf, type DeviceId, type UserId } from '../../core/ids.js';
import { Failure } from '../cli/failure.js';

export interface Identity {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
  /** The leaf. */
  readonly certPem: string;
  readonly keyPem: string;
  /** The user CA. */
  readonly caPem: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

export const IDENTITY_FILES = {
  cert: 'leaf.pem',
  key: 'leaf.key',
  ca: 'user-ca.pem',
  caKey: 'user-ca.key',
} as const;

/** A new user with this device. Nothing is on disk yet. */
export function createIdentityFiles(now: Date): Map<string, string> {
  const ca = createUserCa({ now });
  const { keyPem, publicKey } = createDeviceKey();
  return new Map([
    [IDENTITY_FILES.cert, issueLeaf({ ca, publicKey, now })],
    [IDENTITY_FILES.key, keyPem],
    [IDENTITY_FILES.ca, ca.certPem],
    [IDENTITY_FILES.caKey, ca.keyPem],
  ]);
}

/** Makes a user CA and a leaf in `folder`, whose parent has to be there: all files, or none. */
export async function createIdentity(folder: string, now: Date): Promise<Identity> {
  const files = createIdentityFiles(now);
  await writeFolderAtomic(folder, files);
  return parseIdentity(files, folder);
}

/** The identity in `folder`; null where there is no file of one. Fails when it is not whole, or can be read by others. */
export async function readIdentity(folder: string): Promise<Identity | null> {
  const files = new Map<string, string>();
  const names = [IDENTITY_FILES.cert, IDENTITY_FILES.key, IDENTITY_FILES.ca];
  for (const name of names) {
    const text = await readPrivateFile(join(folder, name)).catch(refuse);
    if (text !== null) files.set(name, text);
  }
  if (files.size === 0) return null;
  const missing = names.find((name) => !files.has(name));
  if (missing !== undefined)
    throw new Failure('config', 'identity', `${join(folder, missing)} is missing`, {
      hint: 'Bring it back from a backup. Without the backup, move the folder away: this device then becomes a new one.',
    });
  return parseIdentity(files, folder);
}

function refuse(error: unknown): never {
  if (!(error instanceof NotPrivate)) throw error;
  throw new Failure('config', 'wrong-mode', `${error.path} can be read by others`, {
    hint: `Run: chmod 600 ${error.path}`,
  });
}

/** The identity of files that belong together; fails, naming `folder`, where they do not. */
export function parseIdentity(files: ReadonlyMap<string, string>, folder: string): Identity {
  const [certPem, keyPem, caPem] = [
    files.get(IDENTITY_FILES.cert) ?? '',
    files.get(IDENTITY_FILES.key) ?? '',
    files.get(IDENTITY_FILES.ca) ?? '',
  ];
  try {
    const [leaf, ca, key] = [
      new X509Certificate(certPem),
      new X509Certificate(caPem),
      createPrivateKey(keyPem),
    ];
    if (!leaf.checkPrivateKey(key) || !leaf.verify(ca.publicKey))
      throw new Error('the files do not belong together');
    const deviceId = deviceIdOf(spkiOf(createPublicKey(key)));
    const userId = userIdOf(spkiOf(ca.publicKey));
    return {
      userId,
      deviceId,
      certPem,
      keyPem,
      caPem,
      notBefore: new Date(leaf.validFrom),
      notAfter: new Date(leaf.validTo),
    };
  } catch {
    throw new Failure(
      'config',
      'identity',
      `the identity in ${folder} cannot be used: its files do not fit`,
      {
        hint: 'Bring the folder back from a backup.',
      },
    );
  }
}

const spkiOf = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' });
