// What a local program's request goes through, from its head to the peer: form, origin, token, target, peer.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendRefusal } from '../../adapters/http/reply.js';
import { checkRequestForm } from '../../adapters/http/request-form.js';
import type { Env } from '../../core/env/env.js';
import { Refusal, type RefusalCode } from '../../core/errors.js';
import { readStreamTarget } from '../../core/peers/stream-target.js';
import { parseTarget, type Target } from '../../core/target.js';
import type { Peers } from './peers.js';
import { checkOrigin, checkToken } from './door.js';
import { streamToPeer } from './stream.js';

export interface StreamAppOptions {
  readonly env: () => Env;
  readonly peers: Peers;
  readonly onRefused: (code: RefusalCode) => void;
  readonly onFailure: (error: unknown) => void;
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE']);
/** Told to the launcher: someone on this device who should not be here. */
const TOLD = new Set<RefusalCode>(['foreign-host', 'foreign-origin', 'stream-token']);

/** `port` is null on a Unix socket, which no page in a browser reaches. */
export type StreamApp = (request: IncomingMessage, response: ServerResponse, port: number | null) => void;

export function createStreamApp(options: StreamAppOptions): StreamApp {
  const { env, peers } = options;

  async function answer(
    request: IncomingMessage,
    response: ServerResponse,
    port: number | null,
  ): Promise<void> {
    const ended = new AbortController();
    response.once('close', () => ended.abort());
    const { limits, peerStreams } = env();
    const form = checkRequestForm(request, limits);
    checkOrigin(request, port);
    const target = parseTarget(request.url ?? '');
    // CouchDB's replicator tries it first, and takes 401 and 403 for the end.
    if (isSession(target)) throw new Refusal('no-session');
    checkToken(request, peerStreams?.tokens ?? []);
    const streamTarget = readStreamTarget(target);
    const peer = peers.get(streamTarget.deviceId);
    if (!METHODS.has(request.method ?? ''))
      throw new Refusal('method-not-allowed', { allow: [...METHODS].join(', ') });
    const exchange = { request, response, form, target: streamTarget, ended: ended.signal };
    await streamToPeer(exchange, peer, limits);
  }

  function refuse(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    if (response.destroyed || request.socket.destroyed) return;
    if (!(error instanceof Refusal)) options.onFailure(error);
    const code = error instanceof Refusal ? error.code : 'internal';
    if (TOLD.has(code)) options.onRefused(code);
    sendRefusal(response, code, error instanceof Refusal ? error.headers : {});
  }

  return (request, response, port) =>
    void answer(request, response, port).catch((error: unknown) => refuse(request, response, error));
}

const isSession = ({ segments: [first, ...more] }: Target): boolean =>
  first === '_session' && more.length === 0;
