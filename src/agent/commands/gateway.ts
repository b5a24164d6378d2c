// `patchcord gateway`: the gateway alone, confined as launchGateway would, for launchers that are not Node programs: a
// systemd unit, or an app in another language. What it reads and says is the control channel.
import type { Command } from 'commander';
import { runGateway } from '../../adapters/launch/launch-gateway.js';
import type { Cli } from '../cli/cli.js';
import { withExamples } from '../cli/examples.js';
import { EXIT } from '../cli/failure.js';

export function addGateway(program: Command, cli: Cli): void {
  const command = program
    .command('gateway')
    .description('run a gateway alone, confined, with the control channel on stdin and stdout')
    .action(async () => cli.endWith((await runGateway()) ?? EXIT.software));
  withExamples(command, [
    ['patchcord gateway < env.json', 'for programs that start one: docs/protocol-control.md says how'],
  ]);
}
