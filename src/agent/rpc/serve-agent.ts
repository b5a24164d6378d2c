// The socket of a running `up`.
import { RpcFailure, serveRpc, SocketTaken, type RpcServer } from '../../adapters/agent-socket/rpc-server.js';
import { makePrivateFolder } from '../../adapters/home/atomic-file.js';
import { RPC_ERRORS } from '../../core/control/protocol.js';
import { Failure } from '../cli/failure.js';
import type { Paths } from '../home/paths.js';
import type { AgentHandlers, AgentMethod } from './methods.js';

const ERROR = -32_000;

export async function serveAgent(paths: Paths, handlers: AgentHandlers): Promise<RpcServer> {
  const isMethod = (name: string): name is AgentMethod => Object.hasOwn(handlers, name);
  await makePrivateFolder(paths.runtime);
  try {
    return await serveRpc(paths.socket, async (method, params) => {
      if (!isMethod(method)) throw new RpcFailure(RPC_ERRORS.method);
      // Taken at its word: whoever can enter the folder of the socket is this user.
      const handle = handlers[method] as (given: unknown) => Promise<unknown>;
      return handle(params).catch(tellFailure);
    });
  } catch (error) {
    if (!(error instanceof SocketTaken)) throw error;
    throw new Failure('unavailable', 'socket-taken', `someone else answers at ${paths.socket}`, {
      hint: 'Another home has the same XDG_RUNTIME_DIR: give each its own.',
    });
  }
}

function tellFailure(error: unknown): never {
  if (!(error instanceof Failure)) throw error;
  const { exit, code, message, hint } = error;
  throw new RpcFailure({ code: ERROR, message, data: { exit, code, message, hint } });
}
