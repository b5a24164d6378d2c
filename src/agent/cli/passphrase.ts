// Passphrases of the user CA key: from the environment, or from the person at the terminal; never an argument.
import { MIN_PASSPHRASE_CHARACTERS } from '../../adapters/pki/encrypted-key.js';
import { caKeyKind } from '../home/ca-key.js';
import type { CommandContext } from './cli.js';
import { Failure } from './failure.js';
import { ask, canAsk } from './prompt.js';

/** Of the key as it is; and what a key is to have from now on. */
export const PASSPHRASE_VARIABLES = {
  present: 'PATCHCORD_CA_PASSPHRASE',
  next: 'PATCHCORD_NEW_PASSPHRASE',
} as const;

/** What opens the key in the home; null where it needs none, or is not here. */
export const presentPassphrase = async (context: CommandContext): Promise<string | null> =>
  (await caKeyKind(context.paths)) === 'encrypted' ? askPresent(context) : null;

export const askPresent = (context: CommandContext, what = 'the user CA key'): Promise<string> =>
  secret(context, `Passphrase of ${what}: `, PASSPHRASE_VARIABLES.present);

/** A new one, typed twice. */
export async function askNew(context: CommandContext, what = 'the user CA key'): Promise<string> {
  const variable = PASSPHRASE_VARIABLES.next;
  const passphrase = await secret(context, `New passphrase for ${what}: `, variable);
  if (passphrase.length < MIN_PASSPHRASE_CHARACTERS)
    throw new Failure('data', 'short-passphrase', 'a passphrase has 8 characters or more');
  const again = context.env[variable] ?? (await ask(context, 'The same once more: ', { hidden: true }));
  if (again === passphrase) return passphrase;
  throw new Failure('data', 'passphrases-differ', 'the two are not the same: nothing was changed');
}

async function secret(context: CommandContext, question: string, variable: string): Promise<string> {
  const set = context.env[variable];
  if (set !== undefined && set !== '') return set;
  if (canAsk(context)) return ask(context, question, { hidden: true });
  throw new Failure(
    'noPermission',
    'needs-passphrase',
    'a passphrase is needed, and there is no one to ask',
    {
      hint: `Run this at a terminal, or set ${variable}.`,
    },
  );
}
