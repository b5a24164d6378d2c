// Waits, at a device without the user CA key, until one that has it has signed what this one asks for.
import { setTimeout as delay } from 'node:timers/promises';
import type { CommandContext } from '../cli/cli.js';
import { Failure } from '../cli/failure.js';
import { askAgent } from '../rpc/ask-agent.js';

const LOOK_MS = 500;
const ID_CHARACTERS = 8;

/** Resolves when it was signed. Interrupted, it takes the request back. Null: nothing is to be waited for. */
export async function waitForKey(context: CommandContext, request: string | null): Promise<void> {
  if (request === null) return;
  const { paths, output, signal } = context;
  const allow = `patchcord allow ${request.slice(0, ID_CHARACTERS)}`;
  const { devices } = await askAgent(paths, 'devices');
  const holders = devices.filter(({ holdsCaKey }) => holdsCaKey).map(({ name }) => JSON.stringify(name));
  output.tell(
    { event: 'waiting', request, holders: holders.length },
    `The user CA key is on ${holders.length === 0 ? 'another device' : holders.join(' or ')}. This waits for it: run \`${allow}\` there. Ctrl-C takes it back.`,
  );
  try {
    for (;;) {
      const { state } = await askAgent(paths, 'request', { request });
      if (state === 'settled') return;
      if (state === 'gone')
        throw new Failure('unavailable', 'not-allowed', 'it was taken away: nothing was changed');
      await delay(LOOK_MS, undefined, { signal });
    }
  } catch (error) {
    if (signal.aborted) await askAgent(paths, 'withdraw', { request });
    throw error;
  }
}
