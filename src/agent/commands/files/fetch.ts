// `patchcord files fetch`: has the running `up` bring files that documents name, and tells how far it is.
import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import type { DemandStatus } from '../../blobs/demands.js';
import type { Cli, CommandContext } from '../../cli/cli.js';
import { withExamples } from '../../cli/examples.js';
import { Failure } from '../../cli/failure.js';
import { formatBytes } from '../../cli/format.js';
import { createProgress, type Progress } from '../../files/progress.js';
import { askAgent } from '../../rpc/ask-agent.js';
import type { FetchAnswer, FetchParams } from '../../sync/handlers.js';
import { formatPaused, resumeCommand } from '../../sync/paused.js';

interface Options {
  readonly all?: boolean;
  readonly database?: string;
  readonly json?: boolean;
}

const LOOK_MS = 500;
/** So long nothing came, and nobody who is here could bring more. */
const GIVE_UP_LOOKS = 20;

export function addFetch(files: Command, cli: Cli): void {
  const command = files
    .command('fetch')
    .description('bring files from other devices: what documents name, and is not here')
    .argument('[id...]', 'the files: of each its id, all 48 characters')
    .option('--all', 'all that any database names')
    .option('--database <name>', 'all that this database names')
    .option('--json', 'print JSON')
    .action((ids: string[], options: Options) => cli.run(options, (context) => run(context, ids, options)));
  withExamples(command, [
    ['patchcord files fetch 6VKN463LEKJMD3OP87UYVU5V65XXOSG3HCT3Q6NDJD58TQXK', 'one file'],
    ['patchcord files fetch --database dmedia-0-novel', 'the files of a project'],
    ['patchcord files fetch --all', 'everything, whatever the rules of the configuration'],
  ]);
}

async function run(context: CommandContext, ids: readonly string[], options: Options): Promise<void> {
  const { demand, paused } = await askAgent(context.paths, 'fetch', paramsOf(ids, options));
  for (const pause of paused) {
    const text = `${formatPaused(pause)} is paused: files that only its documents name are not known here. To pull it again: ${resumeCommand(pause)}`;
    context.output.tell({ event: 'paused', ...pause }, text);
  }
  const progress = createProgress(context, 0);
  let status: DemandStatus;
  try {
    status = await untilSettled(context, demand, progress);
  } finally {
    progress.stop();
  }
  const { files, stored, storedBytes, unknown } = status;
  const summary = { event: 'summary', files: files + unknown, fetched: stored, bytes: storedBytes };
  context.output.tell(
    summary,
    `${stored} fetched (${formatBytes(storedBytes)}), of ${files + unknown} that were not here`,
  );
  if (stored < files || unknown > 0) throw failureOf(status, paused);
}

function paramsOf(ids: readonly string[], { all = false, database }: Options): FetchParams {
  const asked = [ids.length > 0, all, database !== undefined].filter(Boolean).length;
  if (asked !== 1)
    throw new Failure('usage', 'fetch-what', 'say one of these: ids of files, --all, --database NAME', {
      hint: 'As in `patchcord files fetch --all`.',
    });
  if (database !== undefined) return { database };
  return all ? { all } : { ids };
}

/** Until all is here, or nothing comes any more. */
async function untilSettled(
  { paths, signal }: CommandContext,
  demand: number,
  progress: Progress,
): Promise<DemandStatus> {
  let [bytes, total, quiet] = [0, 0, 0];
  for (;;) {
    const status = await askAgent(paths, 'fetch-status', { demand });
    if (status === null)
      throw new Failure('unavailable', 'forgotten', 'patchcord was started anew meanwhile', {
        hint: 'Run it again: what came by then is kept.',
      });
    const now = status.storedBytes + status.activeBytes;
    const all = status.storedBytes + status.activeTotalBytes;
    // The sizes of files are known when they are begun.
    if (all > total) progress.skip(total - all);
    if (now > bytes) progress.add(now - bytes);
    quiet = now > bytes || status.activeTotalBytes > status.activeBytes ? 0 : quiet + 1;
    [bytes, total] = [Math.max(bytes, now), Math.max(total, all)];
    if (status.stored === status.files || quiet > GIVE_UP_LOOKS) return status;
    await delay(LOOK_MS, undefined, { signal });
  }
}

function failureOf(
  { withoutSource, held, unknown, examples }: DemandStatus,
  paused: FetchAnswer['paused'],
): Failure {
  const reasons = [
    ...(unknown > 0 ? [`${unknown} are here already, or no document names them`] : []),
    ...(withoutSource > 0 ? [`${withoutSource} no device has that is here now`] : []),
    ...(held > 0 ? [`for ${held} there is no room`] : []),
  ];
  const hints = [
    ...(examples.length > 0 ? [`Among them ${examples[0] ?? ''}. See \`patchcord status\`.`] : []),
    ...(unknown > 0 ? ['What is here, `patchcord files list` tells.'] : []),
    ...(paused.length > 0 ? [`Something is paused: ${paused.map(resumeCommand).join('; ')}`] : []),
  ];
  return new Failure('unavailable', 'not-all', `not all were fetched: ${reasons.join('; ')}`, {
    ...(hints.length > 0 && { hint: hints.join('\n') }),
  });
}
