// The HTTP application: what happens to a request, from its head to its handler. The form is judged first, then it is
// counted, then routed by its target as it was parsed. The two that are asked for most are called from here; for the
// others there is koa (docs/decisions/0014).
import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendRefusal } from '../../adapters/http/reply.js';
import { checkRequestForm, expectNoBody } from '../../adapters/http/request-form.js';
import { REPLIES, Refusal, type RefusalCode } from '../../core/errors.js';
import type { Limits } from '../../core/limits.js';
import type { Connection, Connections } from './connections.js';
import { Exchange, type Traffic } from './exchange.js';
import type { OtherRoutesOptions } from './other-routes.js';

export interface AppOptions extends OtherRoutesOptions {
  readonly connections: Connections;
  readonly traffic: Traffic;
  readonly limits: () => Limits;
  readonly couch: (exchange: Exchange) => Promise<void>;
  readonly newRequestId: () => string;
  readonly onRefused: (code: RefusalCode, connection: Connection, requestId: string) => void;
  /** No more files can be opened. */
  readonly onShortage: () => void;
  readonly onFailure: (error: unknown, requestId: string) => void;
}

type OtherRoutes = (exchange: Exchange) => Promise<void>;
export type RequestListener = (request: IncomingMessage, response: ServerResponse) => void;

export function createApp(options: AppOptions): RequestListener {
  const { connections, traffic, limits, couch, files } = options;
  let otherRoutes: Promise<OtherRoutes> | null = null;

  /** koa is loaded with the first request for it: a start need not wait, and most replies never do. */
  async function sendOther(exchange: Exchange): Promise<void> {
    otherRoutes ??= import('./other-routes.js').then(({ createOtherRoutes }) => createOtherRoutes(options));
    const send = await otherRoutes;
    exchange.throwIfEnded();
    await send(exchange);
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const connection = connections.of(request.socket);
    // After a reply that ends the connection, what follows on it is not read as requests any more.
    if (connection === null || connection.isEnding) return void request.socket.destroy();
    try {
      // Not after an `await`: the next request may stand in the same bytes, and must find what this one left.
      const form = checkRequestForm(request, limits());
      if (READS.has(request.method)) expectNoBody(request);
      const slot = traffic.enter(connection.principal.deviceId);
      await route(new Exchange({ connection, request, response, form, slot }));
    } catch (error) {
      refuse(response, connection, error);
    }
  }

  function route(exchange: Exchange): Promise<void> {
    const { request, target } = exchange;
    const [first, second] = target.segments;
    if (first === 'couch') return couch(exchange);
    const isBlob = first === 'files' && target.segments.length === 2 && !target.trailingSlash;
    if (isBlob && READS.has(request.method)) return files.sendBlob(exchange, second ?? '');
    return sendOther(exchange);
  }

  function refuse(response: ServerResponse, connection: Connection, error: unknown): void {
    // The peer is gone, and nobody is left to answer.
    if (response.destroyed || response.req.socket.destroyed) return;
    const requestId = options.newRequestId();
    if (!(error instanceof Refusal)) options.onFailure(error, requestId);
    const code = error instanceof Refusal ? error.code : 'internal';
    if (code === 'out-of-files') options.onShortage();
    if (isDenial(code)) options.onRefused(code, connection, requestId);
    if (sendRefusal(response, code, error instanceof Refusal ? error.headers : {}))
      connection.isEnding = true;
  }

  return (request, response) => void answer(request, response);
}

const READS = new Set<string | undefined>(['GET', 'HEAD']);
const BAD_REQUEST = 400;
/** Told to the launcher: what was asked in a form or for a thing that is not permitted; not what is merely not there. */
const UNTOLD = new Set<number>([404, 405, 412, 416]);
const isDenial = (code: RefusalCode): boolean => {
  const { status } = REPLIES[code];
  return code === 'blob-not-granted' || (status >= BAD_REQUEST && status < 500 && !UNTOLD.has(status));
};
