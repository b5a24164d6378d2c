// `patchcord share`, `accept` and `unshare`: databases for another user's devices.
import type { Command } from 'commander';
import type { Cli, CommandContext } from '../cli/cli.js';
import { withExamples } from '../cli/examples.js';
import { Failure } from '../cli/failure.js';
import { presentPassphrase } from '../cli/passphrase.js';
import { requireYes } from '../cli/prompt.js';
import { noName } from '../databases/refusals.js';
import { askDirectory } from '../directory/ask-directory.js';
import { resolveUser } from '../directory/resolve.js';
import { waitForKey } from '../directory/wait-for-key.js';
import { askCode } from '../pairing/ask-code.js';
import { chooseOffer, parseAddress } from '../pairing/choose-offer.js';
import { converse } from '../pairing/converse.js';
import { createDialogue, type Dialogue } from '../pairing/dialogue.js';
import { remoteTalk } from '../pairing/remote-talk.js';
import { askAgent } from '../rpc/ask-agent.js';
import { isDatabaseName } from '../../core/policy/policy.js';
import type { SharedDatabase } from '../../core/pairing/launcher/grant.js';

interface Options {
  readonly at?: string;
  readonly json?: boolean;
}

interface UnshareOptions {
  readonly yes?: boolean;
  readonly json?: boolean;
}

const DATABASES =
  'what the other user’s devices may reach here, as in "dmedia-0-novel:write"; :read lets them take, :write lets their changes enter as well. The list takes the place of what you shared with that user before: say all of it';

export function addShare(program: Command, cli: Cli): void {
  const command = program
    .command('share')
    .description('show a code, with which another user and you share databases')
    .argument('<database...>', DATABASES)
    .option('--json', 'print JSON, and take answers as lines: yes or no')
    .action((names: string[], options: Options) =>
      cli.run(options, (context) => runShare(context, names, null)),
    );
  withExamples(command, [
    [
      'patchcord share dmedia-0-novel:write',
      'then the other user runs `patchcord accept dmedia-0-novel:write`',
    ],
    [
      'patchcord share novacut-0-novel:read',
      'they may take from it; with :write on their side it comes to them',
    ],
  ]);
}

export function addAccept(program: Command, cli: Cli): void {
  const command = program
    .command('accept')
    .description('share databases with the user whose code you were told')
    .argument('<database...>', DATABASES)
    .option('--at <address>', 'where the other device listens, as `share` shows it')
    .option('--json', 'print JSON, and take answers as lines: the code, then yes or no')
    .action((names: string[], options: Options) =>
      cli.run(options, (context) => runShare(context, names, options)),
    );
  withExamples(command, [
    ['patchcord accept dmedia-0-novel:write', 'both may read and change it, and the files that it names'],
  ]);
}

export function addUnshare(program: Command, cli: Cli): void {
  const command = program
    .command('unshare')
    .description('let the devices of another user reach nothing here any more')
    .argument('<user>', 'the id, or the beginning of it: see `patchcord devices`')
    .option('--yes', 'do it without asking')
    .option('--json', 'print JSON')
    .action((user: string, options: UnshareOptions) =>
      cli.run(options, (context) => runUnshare(context, user, options)),
    );
  withExamples(command, [['patchcord unshare WANV6SGX', 'all devices of yours learn of it']]);
}

function parseDatabase(text: string): SharedDatabase {
  const [name = '', access = '', ...more] = text.split(':');
  if (!isDatabaseName(name)) throw noName(name);
  if (more.length === 0 && (access === 'read' || access === 'write')) return { name, access };
  throw new Failure('usage', 'database', `${text} does not say what is allowed`, {
    hint: `Say ${name}:read, or ${name}:write.`,
  });
}

/** `take` is null for who makes the offer. */
async function runShare(
  context: CommandContext,
  names: readonly string[],
  take: Options | null,
): Promise<void> {
  const { paths, output } = context;
  const databases = names.map(parseDatabase);
  await tellMissing(context, databases);
  const dialogue = createDialogue(context);
  try {
    const taken = take === null ? null : await askOffer(context, dialogue, take);
    await askAgent(paths, 'pair-share', { databases, take: taken });
    const { name, request } = await converse(context, remoteTalk(paths), dialogue);
    await waitForKey(context, request);
    const { couchdb } = await askAgent(paths, 'status');
    const needsProvision = Object.values(couchdb.credentials).includes('missing');
    const more = needsProvision ? ' Run `patchcord provision` before their devices come.' : '';
    output.tell(
      { event: 'shared', name, databases, needsProvision },
      `Shared with the user of ${JSON.stringify(name)}.${more}`,
    );
  } finally {
    dialogue.close();
  }
}

/** A share of what is not here is none yet; it may be that the other side has it, or that the name is a wrong one. */
async function tellMissing(
  { paths, output }: CommandContext,
  shared: readonly SharedDatabase[],
): Promise<void> {
  const { databases } = await askAgent(paths, 'databases');
  if (databases === null) return;
  const there = new Set(databases.map(({ database }) => database));
  const missing = shared.map(({ name }) => name).filter((name) => !there.has(name));
  for (const database of missing)
    output.tell(
      { event: 'database-missing', database },
      `There is no database ${database} here yet. If the other user has it, it comes from there when you say :write;
else make it: patchcord databases add ${database}`,
    );
}

async function askOffer(context: CommandContext, dialogue: Dialogue, { at }: Options) {
  const { paths } = context;
  const code = await askCode(context, dialogue);
  const list = async () => (await askAgent(paths, 'pair-offers')).offers;
  const offer = at === undefined ? await chooseOffer(context, dialogue, list) : parseAddress(at);
  return { offer, code };
}

async function runUnshare(
  context: CommandContext,
  user: string,
  { yes = false }: UnshareOptions,
): Promise<void> {
  const { shares } = await askDirectory(context, 'devices', {});
  const { userId, databases } = resolveUser(shares, (share) => share.userId, user);
  const names = databases.map(({ name }) => name).join(', ');
  await requireYes(context, yes, `End the share of ${names} with user ${userId}?`);
  const passphrase = await presentPassphrase(context);
  const answer = await askDirectory(context, 'unshare', { user, passphrase });
  await waitForKey(context, answer.request);
  context.output.tell(
    answer,
    `Devices of user ${answer.userId} reach nothing here any more. What they have taken, they have.`,
  );
}
