// Private keys under a passphrase: PKCS#8, PBES2 with scrypt (RFC 7914) and AES-256-CBC, which openssl reads and
// writes too (`openssl pkcs8 -topk8 -scrypt`).
import { createCipheriv, createPrivateKey, randomBytes, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { encodeDer, integer, octets, oid, sequence } from './der.js';
import { PkiError } from './keys.js';
import { toPem } from './pem.js';

const PBES2 = '1.2.840.113549.1.5.13';
const SCRYPT = '1.3.6.1.4.1.11591.4.11';
const AES_256_CBC = '2.16.840.1.101.3.4.1.42';

/** As strong as OWASP's N = 2^17 with p = 1, in the 32 MiB that openssl allows itself. */
const COST = { N: 2 ** 14, r: 8, p: 5 } as const;
const SALT_BYTES = 16;
const IV_BYTES = 16;
const KEY_BYTES = 32;

const LABEL = 'ENCRYPTED PRIVATE KEY';
const ENCRYPTED = new RegExp(`^-----BEGIN ${LABEL}-----$`, 'm');
const BODY = new RegExp(`^-----BEGIN ${LABEL}-----\\n([A-Za-z0-9+/=\\n]+)-----END ${LABEL}-----\\n$`);

export const MIN_PASSPHRASE_CHARACTERS = 8;

export const isEncryptedKey = (pem: string): boolean => ENCRYPTED.test(pem);

/** Whether this is one encrypted key and nothing besides, in the form that `encryptKey` and openssl write. */
export const isOneEncryptedKey = (pem: string): boolean => BODY.test(pem);

/** The bytes of a passphrase: typed on another keyboard it is to be the same. */
const bytesOf = (passphrase: string): Buffer => Buffer.from(passphrase.normalize('NFC'));

/** The key (PKCS#8 PEM) under the passphrase, as PEM. */
export async function encryptKey(keyPem: string, passphrase: string): Promise<string> {
  const [salt, iv] = [randomBytes(SALT_BYTES), randomBytes(IV_BYTES)];
  const key = await promisify<Buffer, Buffer, number, object, Buffer>(scrypt)(
    bytesOf(passphrase),
    salt,
    KEY_BYTES,
    COST,
  );
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  const plain = createPrivateKey(keyPem).export({ type: 'pkcs8', format: 'der' });
  return toPem(LABEL, write(salt, iv, Buffer.concat([cipher.update(plain), cipher.final()])));
}

const write = (salt: Uint8Array, iv: Uint8Array, encrypted: Uint8Array): Buffer =>
  encodeDer(
    sequence(
      sequence(
        oid(PBES2),
        sequence(
          sequence(oid(SCRYPT), sequence(octets(salt), integer(COST.N), integer(COST.r), integer(COST.p))),
          sequence(oid(AES_256_CBC), octets(iv)),
        ),
      ),
      octets(encrypted),
    ),
  );

/** The key, as PKCS#8 PEM without a passphrase. Throws `PkiError` `wrong-passphrase`, also for what is no such key. */
export function decryptKey(encryptedPem: string, passphrase: string): string {
  try {
    const key = createPrivateKey({ key: encryptedPem, passphrase: bytesOf(passphrase) });
    return key.export({ type: 'pkcs8', format: 'pem' }).toString();
  } catch {
    throw new PkiError('wrong-passphrase', 'the key cannot be opened with this passphrase');
  }
}

/**
 * Whether this is a key in the very form that `encryptKey` writes for P-256. Who sends another could choose what it
 * costs to try a passphrase on it.
 */
export function isOwnEncryptedKey(pem: string): boolean {
  const body = BODY.exec(pem)?.[1];
  if (body === undefined) return false;
  const der = Buffer.from(body, 'base64');
  const own = write(saltOf(der), ivOf(der), der.subarray(ENCRYPTED_AT));
  return der.length === OWN_BYTES && own.equals(der);
}

/** A P-256 key in PKCS#8 is 138 bytes, and with its padding 144. */
const P256_ENCRYPTED_BYTES = 144;
const [SALT, IV] = [Buffer.alloc(SALT_BYTES, 0xaa), Buffer.alloc(IV_BYTES, 0xbb)];
const TEMPLATE = write(SALT, IV, Buffer.alloc(P256_ENCRYPTED_BYTES));
const OWN_BYTES = TEMPLATE.length;
const ENCRYPTED_AT = OWN_BYTES - P256_ENCRYPTED_BYTES;
const saltOf = (der: Buffer): Buffer => from(der, TEMPLATE.indexOf(SALT), SALT_BYTES);
const ivOf = (der: Buffer): Buffer => from(der, TEMPLATE.indexOf(IV), IV_BYTES);
const from = (der: Buffer, at: number, bytes: number): Buffer => der.subarray(at, at + bytes);
