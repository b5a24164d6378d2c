// `patchcord up`: from the command line to what `up.ts` is given.
import { InvalidArgumentError, type Command } from 'commander';
import type { Cli, CommandContext } from '../cli/cli.js';
import { withExamples } from '../cli/examples.js';
import { Failure } from '../cli/failure.js';
import { parseListenOption } from '../config/listen.js';
import { adminFromEnv } from '../config/admin.js';
import { readSettings, type Overrides } from '../config/settings.js';
import { up } from '../up.js';
import { createUpReport } from '../up/report.js';

interface Options {
  readonly listen?: Overrides['listenOn'];
  readonly port?: number;
  readonly requireConfinement?: boolean;
  readonly gatewayUnit?: boolean;
  readonly json?: boolean;
}

export function addUp(program: Command, cli: Cli): void {
  const command = program
    .command('up')
    .description('serve this device’s databases and files, in the foreground')
    .option(
      '--listen <where>',
      '"link-local" (every link), "loopback" (to try), or names of links, with commas',
      parseListenOption,
    )
    .option('--port <number>', 'the port to listen on; 0 for any', parsePort)
    .option('--require-confinement', 'end if the AppArmor profile does not confine the gateway')
    .option('--gateway-unit', 'start the gateway in a systemd unit of its own')
    .option('--json', 'print events as lines of JSON')
    .action((options: Options) => cli.run(options, (context) => runUp(context, options)));
  withExamples(command, [
    ['patchcord up', 'listen on every link'],
    ['patchcord up --listen enp3s0 --port 41000', 'on one link, on a fixed port'],
    ['patchcord up --listen loopback', 'try it on this machine alone'],
  ]);
}

async function runUp(context: CommandContext, options: Options): Promise<void> {
  const { listen, port, requireConfinement = false, gatewayUnit: gatewayInUnit = false } = options;
  const { paths, output, style, now, signal, stderr, env, version } = context;
  const settings = await readSettings(paths, {
    ...(listen !== undefined && { listenOn: listen }),
    ...(port !== undefined && { port }),
  });
  const logLine = (line: string): void => void stderr.write(`${line}\n`);
  const report = createUpReport({ output, style, now, logLine });
  try {
    const adminLogin = adminFromEnv(env);
    const confinement = { requireConfinement, gatewayInUnit };
    await up({ version, paths, settings, adminLogin, ...confinement, signal, now, report });
  } catch (error) {
    // To be stopped is how it ends in good order, at whichever step it was.
    if (!signal.aborted) throw withPort(error, settings.listen.port, port !== undefined);
  }
}

const PORT_PATH = '$.listen.port';

/** The gateway tells no values of its env; which port it was, and who set it, is known here. */
function withPort(error: unknown, port: number, isOption: boolean): unknown {
  if (!(error instanceof Failure) || !error.problems.some(({ path }) => path === PORT_PATH)) return error;
  const { exit, code, message } = error;
  const problems = error.problems.map((problem) =>
    problem.path === PORT_PATH
      ? { path: isOption ? '--port' : PORT_PATH, reason: `${port} ${problem.reason}` }
      : problem,
  );
  return new Failure(exit, code, message, { problems });
}

const MAX_PORT = 65_535;

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > MAX_PORT)
    throw new InvalidArgumentError('A port is a number up to 65535.');
  return port;
}
