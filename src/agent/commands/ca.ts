// `patchcord ca`: the user CA's key, its passphrase, and its backup.
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { encryptKey } from '../../adapters/pki/encrypted-key.js';
import type { Cli, CommandContext } from '../cli/cli.js';
import { withExamples } from '../cli/examples.js';
import { requireYes } from '../cli/prompt.js';
import { askNew, askPresent, presentPassphrase } from '../cli/passphrase.js';
import { readSettings } from '../config/settings.js';
import { restoreCa } from '../directory/restore-ca.js';
import { formatNewUser } from '../directory/devices-text.js';
import { askDirectory, requireIdentity } from '../directory/ask-directory.js';
import { caKeyKind, openUserCa, writeCaKeyFile } from '../home/ca-key.js';
import { readCaBackup, writeCaBackup } from '../home/ca-backup.js';

interface JsonOption {
  readonly json?: boolean;
}

export function addCa(program: Command, cli: Cli): void {
  const ca = program.command('ca').description('the user CA: its key, its passphrase, its backup');
  addShow(ca, cli);
  addPassphrase(ca, cli);
  addReplace(ca, cli);
  ca.command('export')
    .description('write the CA and its key to a file, under a passphrase: a backup')
    .argument('<file>', 'which must not be there yet')
    .option('--json', 'print JSON')
    .action((file: string, options: JsonOption) =>
      cli.run(options, (context) => exportCa(context, resolve(file))),
    );
  ca.command('import')
    .description('bring the CA and its key back from a backup; without a device here, make one')
    .argument('<file>', 'what `patchcord ca export` wrote')
    .option('--json', 'print JSON')
    .action((file: string, options: JsonOption) =>
      cli.run(options, (context) => importCa(context, resolve(file))),
    );
  withExamples(ca, [
    ['patchcord ca', 'which user, and where its key is'],
    ['patchcord ca export /media/ada/stick/ca.pem', 'keep that somewhere else'],
    ['patchcord ca import /media/ada/stick/ca.pem', 'on a new device, when all others are lost'],
    ['patchcord ca passphrase', 'from now on, signing asks for it'],
  ]);
}

function addShow(ca: Command, cli: Cli): void {
  ca.command('show', { isDefault: true })
    .description('tell which user this is, and whether the key is here')
    .option('--json', 'print JSON')
    .action((options: JsonOption) => cli.run(options, showCa));
}

function addPassphrase(ca: Command, cli: Cli): void {
  ca.command('passphrase')
    .description('set, change or remove the passphrase of the key')
    .option('--remove', 'keep the key without one')
    .option('--json', 'print JSON')
    .action((options: JsonOption & { readonly remove?: boolean }) =>
      cli.run(options, (context) => changePassphrase(context, options.remove === true)),
    );
}

function addReplace(ca: Command, cli: Cli): void {
  ca.command('replace')
    .description(
      'make a new user CA, when the key is lost or someone else has it; the other devices then join anew',
    )
    .option('--yes', 'do it without asking')
    .option('--json', 'print JSON')
    .action((options: JsonOption & { readonly yes?: boolean }) =>
      cli.run(options, (context) => replaceCa(context, options.yes === true)),
    );
}

async function replaceCa(context: CommandContext, yes: boolean): Promise<void> {
  await requireYes(
    context,
    yes,
    'Begin a new user with this device? All that the old CA signed is refused then.',
  );
  const passphrase = await presentPassphrase(context);
  const answer = await askDirectory(context, 'replace-ca', { passphrase });
  context.output.tell(answer, formatNewUser(answer));
}

const KEY = {
  none: 'Its key is not on this device.',
  plain: 'Its key is on this device, without a passphrase.',
  encrypted: 'Its key is on this device, under a passphrase.',
} as const;

async function showCa({ paths, output }: CommandContext): Promise<void> {
  const { userId } = await requireIdentity(paths);
  const key = await caKeyKind(paths);
  output.tell({ userId, key }, `User ${userId}\n${KEY[key]}`);
}

async function changePassphrase(context: CommandContext, remove: boolean): Promise<void> {
  const { paths, output } = context;
  const identity = await requireIdentity(paths);
  const { keyPem } = await openUserCa(paths, identity, await presentPassphrase(context));
  await writeCaKeyFile(paths, remove ? keyPem : await encryptKey(keyPem, await askNew(context)));
  output.tell(
    { key: remove ? 'plain' : 'encrypted' },
    remove
      ? 'The key has no passphrase any more.'
      : 'The key has that passphrase now. `up` cannot renew certificates by itself any more: see `patchcord renew`.',
  );
}

async function exportCa(context: CommandContext, file: string): Promise<void> {
  const { paths, output } = context;
  const identity = await requireIdentity(paths);
  const ca = await openUserCa(paths, identity, await presentPassphrase(context));
  await writeCaBackup(file, ca.certPem, await encryptKey(ca.keyPem, await askNew(context, 'the backup')));
  output.tell(
    { file, userId: ca.userId },
    `${file} holds user ${ca.userId}. Whoever has it and its passphrase can make devices of this user.`,
  );
}

async function importCa(context: CommandContext, file: string): Promise<void> {
  const { paths, output, now } = context;
  const backup = await readCaBackup(file);
  const passphrase = await askPresent(context, 'the backup');
  const { name } = await readSettings(paths);
  const isNew = await restoreCa({ paths, backup, passphrase, name, now: now() });
  // What waited for the key, and that it is here.
  if (!isNew) await askDirectory(context, 'renew', { passphrase });
  const { userId } = backup;
  output.tell(
    { userId, isNew },
    `${isNew ? 'This is a new device of' : 'The key is here again, of'} user ${userId}. It keeps the passphrase of the backup: see \`patchcord ca passphrase\`.`,
  );
}
