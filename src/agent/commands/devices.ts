// `patchcord devices`, and what can be done with one of them: `rename`, `revoke`, `renew`.
import type { Command } from 'commander';
import type { Cli, CommandContext } from '../cli/cli.js';
import { withExamples } from '../cli/examples.js';
import { presentPassphrase } from '../cli/passphrase.js';
import { requireYes } from '../cli/prompt.js';
import { askDirectory } from '../directory/ask-directory.js';
import { resolveAmong } from '../directory/resolve.js';
import { waitForKey } from '../directory/wait-for-key.js';
import { formatDevices, formatRevoked } from '../directory/devices-text.js';

interface JsonOption {
  readonly json?: boolean;
}

export function addDevices(program: Command, cli: Cli): void {
  const command = program
    .command('devices')
    .description('tell this user’s devices, and with whom databases are shared')
    .option('--json', 'print JSON')
    .action((options: JsonOption) => cli.run(options, tellDevices));
  withExamples(command, [
    ['patchcord devices', 'each with its id, its name, and how long its certificate lasts'],
  ]);
}

export function addRename(program: Command, cli: Cli): void {
  const command = program
    .command('rename')
    .description('give a device of this user another name')
    .argument('<device>', 'its name, its id, or the beginning of it')
    .argument('<name>', 'the new name')
    .option('--json', 'print JSON')
    .action((device: string, name: string, options: JsonOption) =>
      cli.run(options, (context) => rename(context, device, name)),
    );
  withExamples(command, [[`patchcord rename TILPPGTP "Ada's desktop"`, 'all devices learn of it']]);
}

interface RevokeOptions extends JsonOption {
  readonly heldCaKey?: boolean;
  readonly yes?: boolean;
}

export function addRevoke(program: Command, cli: Cli): void {
  const command = program
    .command('revoke')
    .description('let a device never in again')
    .argument('<device>', 'its name, its id, or the beginning of it')
    .option(
      '--held-ca-key',
      'it had the user CA key, though `devices` does not say so: this user gets a new CA',
    )
    .option('--yes', 'do it without asking')
    .option('--json', 'print JSON')
    .action((device: string, options: RevokeOptions) =>
      cli.run(options, (context) => revoke(context, device, options)),
    );
  withExamples(command, [
    [`patchcord revoke "Ada's phone"`, 'it is lost, or given away'],
    ['patchcord revoke TILPPGTP --held-ca-key', 'and had the user CA key'],
  ]);
}

export function addRenew(program: Command, cli: Cli): void {
  const command = program
    .command('renew')
    .description('renew the certificates that are due, where the user CA key has a passphrase')
    .option('--json', 'print JSON')
    .action((options: JsonOption) => cli.run(options, renew));
  withExamples(command, [
    ['patchcord renew', 'asks for the passphrase; without one, `up` does it by itself'],
  ]);
}

async function tellDevices(context: CommandContext): Promise<void> {
  const answer = await askDirectory(context, 'devices', {});
  context.output.tell(answer, formatDevices(answer, context.style));
}

async function rename(context: CommandContext, device: string, name: string): Promise<void> {
  const passphrase = await presentPassphrase(context);
  const answer = await askDirectory(context, 'rename', { device, name, passphrase });
  await waitForKey(context, answer.request);
  context.output.tell(answer, `${answer.deviceId} is ${JSON.stringify(answer.name)} now.`);
}

async function revoke(context: CommandContext, device: string, options: RevokeOptions): Promise<void> {
  const { output, style } = context;
  const { heldCaKey = false, yes = false } = options;
  const { devices } = await askDirectory(context, 'devices', {});
  // One that is not there is no question.
  const found = resolveAmong(devices, device);
  await requireYes(
    context,
    yes,
    `Revoke ${JSON.stringify(device)}, ${found}, for good? If it had the user CA key, this user gets a new CA.`,
  );
  const passphrase = await presentPassphrase(context);
  const answer = await askDirectory(context, 'revoke', { device, heldCaKey, passphrase });
  output.tell(answer, formatRevoked(answer, style));
}

async function renew(context: CommandContext): Promise<void> {
  const passphrase = await presentPassphrase(context);
  const answer = await askDirectory(context, 'renew', { passphrase });
  const lines = answer.renewed.map(
    ({ name, notAfter }) => `${JSON.stringify(name)} has a new certificate, until ${notAfter.slice(0, 10)}`,
  );
  context.output.tell(answer, lines.length === 0 ? 'No certificate is due.' : lines.join('\n'));
}
