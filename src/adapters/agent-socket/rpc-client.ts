// Asks the agent one thing over its socket.
import { connect } from 'node:net';
import { createLineSplitter } from '../../core/control/lines.js';
import type { RpcError } from '../../core/control/protocol.js';
import { isObject } from '../../core/env/env.js';

/** Nobody answers at the socket. */
export class AgentAway extends Error {}

/** It answered with an error. */
export class AgentRefused extends Error {
  readonly code: number;
  readonly data: unknown;
  constructor({ code, message, data }: RpcError) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

const REQUEST_ID = 1;

/** The result. Rejects with `AgentAway`, or with `AgentRefused`. */
export async function callRpc(path: string, method: string, params: unknown = {}): Promise<unknown> {
  const answer = await exchange(
    path,
    `${JSON.stringify({ jsonrpc: '2.0', id: REQUEST_ID, method, params })}\n`,
  );
  if (!isObject(answer)) throw new AgentAway();
  const { error, result } = answer;
  if (!isObject(error)) return result;
  throw new AgentRefused({
    code: Number(error['code']),
    message: String(error['message']),
    data: error['data'],
  });
}

function exchange(path: string, request: string): Promise<unknown> {
  const splitter = createLineSplitter();
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.on('connect', () => socket.write(request));
    socket.on('data', (bytes: Buffer) => {
      const [line] = splitter.push(bytes);
      if (line === undefined) return;
      socket.destroy();
      resolve(parse(line));
    });
    socket.on('error', () => reject(new AgentAway()));
    socket.on('close', () => reject(new AgentAway()));
  });
}

function parse(line: string | null): unknown {
  try {
    return JSON.parse(line ?? '');
  } catch {
    return null;
  }
}
