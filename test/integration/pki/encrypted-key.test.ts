// Keys under a passphrase, as openssl reads and writes them.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import {
  decryptKey,
  encryptKey,
  isEncryptedKey,
  isOwnEncryptedKey,
} from '../../../dist/adapters/pki/encrypted-key.js';
import { createP256Key } from '../../../dist/adapters/pki/keys.js';

const { keyPem } = createP256Key();
const PASSPHRASE = 'nine small übungen';

const openssl = (args: readonly string[], input: string) => {
  const { status, stdout } = spawnSync('openssl', args, { input, encoding: 'utf8' });
  return { status, stdout };
};

test('a key comes back with its passphrase, and with no other', async () => {
  const encrypted = await encryptKey(keyPem, PASSPHRASE);
  assert.ok(isEncryptedKey(encrypted));
  assert.ok(!isEncryptedKey(keyPem));
  assert.equal(decryptKey(encrypted, PASSPHRASE), keyPem);
  assert.equal(decryptKey(encrypted, PASSPHRASE.normalize('NFD')), keyPem);
  for (const wrong of ['', `${PASSPHRASE} `, PASSPHRASE.toUpperCase()])
    assert.throws(() => decryptKey(encrypted, wrong), { code: 'wrong-passphrase' });
  assert.notEqual(await encryptKey(keyPem, PASSPHRASE), encrypted);
});

test('openssl opens it, and sees scrypt', async () => {
  const encrypted = await encryptKey(keyPem, PASSPHRASE);
  const opened = openssl(['pkcs8', '-passin', `pass:${PASSPHRASE}`], encrypted);
  assert.equal(opened.stdout, keyPem);
  assert.notEqual(openssl(['pkcs8', '-passin', 'pass:wrong'], encrypted).status, 0);
  assert.match(openssl(['asn1parse', '-inform', 'PEM'], encrypted).stdout, /:scrypt/i);
});

test('a key that openssl put under a passphrase is opened, and known not to be one of ours', async () => {
  const made = openssl(
    ['pkcs8', '-topk8', '-scrypt', '-scrypt_N', '1024', '-passout', `pass:${PASSPHRASE}`],
    keyPem,
  ).stdout;
  assert.equal(decryptKey(made, PASSPHRASE), keyPem);
  assert.equal(isOwnEncryptedKey(made), false);
  assert.equal(isOwnEncryptedKey(await encryptKey(keyPem, PASSPHRASE)), true);
  assert.equal(isOwnEncryptedKey(keyPem), false);
  assert.equal(isOwnEncryptedKey(`${await encryptKey(keyPem, PASSPHRASE)}more`), false);
});
