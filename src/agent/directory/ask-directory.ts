// Asks about devices, or does something with them: through the running `up`, or, where none runs, in the home itself.
import type { CommandContext } from '../cli/cli.js';
import { Failure } from '../cli/failure.js';
import { readSettings } from '../config/settings.js';
import { findIdentity, lockHome } from '../home/home.js';
import type { Identity } from '../home/identity.js';
import type { Paths } from '../home/paths.js';
import { askAgentIfUp } from '../rpc/ask-agent.js';
import type { AgentParams } from '../rpc/methods.js';
import { createDirectoryHandlers } from './handlers.js';
import type { DirectoryMethods } from './methods.js';
import { openMembership } from './membership.js';

/** The answer. What is signed while no `up` runs is published by the next one. */
export async function askDirectory<Method extends keyof DirectoryMethods>(
  context: CommandContext,
  method: Method,
  params: DirectoryMethods[Method][0],
): Promise<DirectoryMethods[Method][1]> {
  const { paths, now } = context;
  const identity = await requireIdentity(paths);
  const answer = await askAgentIfUp(paths, method, params as AgentParams<Method>);
  if (answer !== null) return answer;
  const lock = await lockHome(paths);
  try {
    const settings = await readSettings(paths);
    const membership = await openMembership({ paths, settings, identity });
    return await createDirectoryHandlers({ paths, membership, now })[method](params);
  } finally {
    await lock.release();
  }
}

export async function requireIdentity(paths: Paths): Promise<Identity> {
  const identity = await findIdentity(paths);
  if (identity !== null) return identity;
  throw new Failure('noInput', 'no-device', 'there is no device here yet', {
    hint: 'Run `patchcord init` for a new user, or `patchcord join` for one that has other devices.',
  });
}
