// Asks the running `up` of this user.
import { AgentAway, AgentRefused, callRpc } from '../../adapters/agent-socket/rpc-client.js';
import { Failure, parseFailure } from '../cli/failure.js';
import type { Paths } from '../home/paths.js';
import type { AgentMethod, AgentMethods, AgentParams } from './methods.js';

/** The answer, which is taken at its word: the socket is in a folder that only this user can enter. Null: not running. */
export async function askAgentIfUp<Method extends AgentMethod>(
  { socket }: Paths,
  method: Method,
  params: AgentParams<Method> = NO_PARAMS as AgentParams<Method>,
): Promise<AgentMethods[Method] | null> {
  try {
    return (await callRpc(socket, method, params)) as AgentMethods[Method];
  } catch (error) {
    if (error instanceof AgentAway) return null;
    if (!(error instanceof AgentRefused)) throw error;
    throw (
      parseFailure(error.data) ??
      new Failure('software', 'agent-refused', `patchcord up answered with an error: ${error.message}`)
    );
  }
}

const NO_PARAMS = {};

/** The answer; fails where `up` is not running. */
export async function askAgent<Method extends AgentMethod>(
  paths: Paths,
  method: Method,
  params?: AgentParams<Method>,
): Promise<AgentMethods[Method]> {
  const answer = await askAgentIfUp(paths, method, params);
  if (answer === null) throw agentAway();
  return answer;
}

export const agentAway = (): Failure =>
  new Failure('unavailable', 'not-up', 'patchcord is not up', { hint: 'Start it: patchcord up' });
