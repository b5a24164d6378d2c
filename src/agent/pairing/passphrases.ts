// Passphrases that a run of pairing needs, asked of the person when they are needed and kept no longer.
import { decryptKey, isOwnEncryptedKey } from '../../adapters/pki/encrypted-key.js';
import { PkiError } from '../../adapters/pki/keys.js';
import type { UserCa } from '../../adapters/pki/user-ca.js';
import { Failure } from '../cli/failure.js';
import { caKeyKind, openUserCa, requireKeyOf } from '../home/ca-key.js';
import type { Identity } from '../home/identity.js';
import type { Paths } from '../home/paths.js';
import type { Teller } from './talk.js';

const TRIES = 3;

/** The user CA, to sign with: opened after the person said yes, and not before. */
export async function openCaFor(
  talk: Teller,
  paths: Pick<Paths, 'identity'>,
  identity: Pick<Identity, 'caPem' | 'userId'>,
): Promise<UserCa> {
  if ((await caKeyKind(paths)) !== 'encrypted') return openUserCa(paths, identity, null);
  for (let tried = 0; ; tried += 1) {
    const answer = await talk.ask({ event: 'passphrase', again: tried > 0 });
    try {
      return await openUserCa(paths, identity, answer?.text ?? '');
    } catch (error) {
      if (answer === null || tried + 1 >= TRIES) throw error;
      if (!(error instanceof Failure) || error.code !== 'wrong-passphrase') throw error;
    }
  }
}

/** The key that came for a device that may add others, as it is stored; null where the person goes without it. */
export async function acceptCaKey(talk: Teller, caPem: string, keyText: string): Promise<string | null> {
  if (!isOwnEncryptedKey(keyText)) throw new Failure('data', 'ca-key', 'the user CA key that came is none');
  for (let tried = 0; tried < TRIES; tried += 1) {
    const answer = await talk.ask({ event: 'key-passphrase', again: tried > 0 });
    if (answer === null) throw new Failure('unavailable', 'stopped', 'it was stopped');
    if (answer.text === undefined || answer.text === '') return null;
    try {
      requireKeyOf(caPem, decryptKey(keyText, answer.text));
      return keyText;
    } catch (error) {
      if (!(error instanceof PkiError)) throw error;
    }
  }
  return null;
}
