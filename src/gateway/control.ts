// The methods of the control channel: requests in, answers out, one after the other.
import { readLines } from '../adapters/control/line-reader.js';
import type { EventWriter } from '../adapters/control/event-writer.js';
import { parseRpcRequest, RPC_ERRORS, type RpcError, type RpcRequest } from '../core/control/protocol.js';
import { isObject } from '../core/env/env.js';
import type { Gateway } from './gateway.js';

type Outcome = { readonly result: unknown } | { readonly error: RpcError };

/** Serves requests until the lines end, which means that the launcher is gone, or until `stop`. */
export async function serveControl(
  lines: ReturnType<typeof readLines>,
  writer: EventWriter,
  gateway: Gateway,
): Promise<void> {
  for await (const line of lines) {
    const request = parseRpcRequest(line);
    if ('code' in request) {
      await writer.answer({ jsonrpc: '2.0', id: null, error: request });
      continue;
    }
    const outcome = await perform(request, gateway);
    if (request.id !== undefined) await writer.answer({ jsonrpc: '2.0', id: request.id, ...outcome });
    if (request.method === 'stop') return;
  }
}

async function perform({ method, params }: RpcRequest, gateway: Gateway): Promise<Outcome> {
  if (method === 'status') return { result: await gateway.status() };
  if (method === 'reload') return reload(params, gateway);
  if (method === 'pair-offer') return gateway.pairing.offer(params);
  if (method === 'pair-join') return gateway.pairing.join(params);
  if (method === 'pair-send') return gateway.pairing.send(params);
  if (method === 'pair-cancel') return gateway.pairing.cancel(params);
  // The answer goes out before the gateway drains: the launcher then waits for `stopped`.
  if (method === 'stop') return { result: {} };
  return { error: RPC_ERRORS.method };
}

async function reload(params: unknown, gateway: Gateway): Promise<Outcome> {
  if (!isObject(params)) {
    return {
      error: { ...RPC_ERRORS.params, data: { problems: [{ path: '$', reason: 'must be an object' }] } },
    };
  }
  const problems = await gateway.reload(params);
  return problems === null ? { result: {} } : { error: { ...RPC_ERRORS.params, data: { problems } } };
}
