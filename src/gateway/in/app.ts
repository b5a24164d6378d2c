// The HTTP application: what happens to a request, from its head to its handler. The form is judged first, then it is
// counted, then routed by its target as it was parsed: the router never reads what the client wrote.
import Router from '@koa/router';
import Koa, { type Context, type Next } from 'koa';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendRefusal } from '../../adapters/http/reply.js';
import { checkRequestForm } from '../../adapters/http/request-form.js';
import { REPLIES, Refusal, type RefusalCode } from '../../core/errors.js';
import type { Service } from '../../core/env/env.js';
import type { Limits } from '../../core/limits.js';
import { formatTarget, parseTarget } from '../../core/target.js';
import type { Connection, Connections, InFlight } from './connections.js';
import type { Exchange, Traffic } from './exchange.js';
import type { FilesHandlers } from './files.js';
import { sendInfo, sendRevocations } from './info.js';

export interface AppOptions {
  readonly connections: Connections;
  readonly traffic: Traffic;
  readonly service: () => Service;
  readonly limits: () => Limits;
  readonly couch: (exchange: Exchange) => Promise<void>;
  readonly files: FilesHandlers;
  readonly version: string;
  readonly now: () => Date;
  readonly newRequestId: () => string;
  readonly onRefused: (code: RefusalCode, connection: Connection, requestId: string) => void;
  /** No more files can be opened. */
  readonly onShortage: () => void;
  readonly onFailure: (error: unknown, requestId: string) => void;
}

interface State {
  exchange: Exchange;
}
type AppContext = Context & { readonly state: State };

export type RequestListener = (request: IncomingMessage, response: ServerResponse) => void;

/** One for all: to make an error for each costs more than to judge a request. */
const ENDED = new Error('the peer is gone, or the reply has ended');

export function createApp(options: AppOptions): RequestListener {
  const app = new Koa<State>();
  // Koa would print each reply that was cut, to a stderr that holds lines of JSON.
  app.silent = true;
  const router = createRouter(options);
  // The handlers write replies themselves; Koa's own would come after them.
  app.use(async (ctx, next) => {
    ctx.respond = false;
    await answer(ctx, next);
  });
  app.use(router.routes());
  app.use((ctx) => refuseUnrouted(router, ctx.path, ctx.method));
  const handle = app.callback();

  async function answer(ctx: AppContext, next: Next): Promise<void> {
    const requestId = options.newRequestId();
    const connection = options.connections.of(ctx.req.socket);
    // After a reply that ends the connection, what follows on it is not read as requests any more.
    if (connection === null || connection.isEnding) return void ctx.req.socket.destroy();
    try {
      // Not after an `await`: the next request may stand in the same bytes, and must find what this one left.
      ctx.state.exchange = begin(ctx, connection, requestId);
      await next();
    } catch (error) {
      refuse(ctx, connection, requestId, error);
    }
  }

  /** Judges the form of a request; the exchange that it begins lasts as long as the reply. */
  function begin(ctx: AppContext, connection: Connection, id: string): Exchange {
    const { req: request, res: response } = ctx;
    const form = checkRequestForm(request, options.limits());
    const slot = options.traffic.enter(connection.principal.deviceId);
    const ended = new AbortController();
    const inFlight: { stillPermitted: InFlight['stillPermitted']; end: () => void } = {
      stillPermitted: () => true,
      end: () => {
        slot.leave();
        connection.inFlight.delete(inFlight);
        ended.abort(ENDED);
      },
    };
    connection.inFlight.add(inFlight);
    response.once('close', inFlight.end);
    const target = parseTarget(request.url ?? '');
    ctx.url = formatTarget([...target.segments, ...(target.trailingSlash ? [''] : [])]);
    return {
      id,
      connection,
      principal: connection.principal,
      request,
      response,
      form,
      target,
      ended: ended.signal,
      permittedWhile: (stillPermitted) => void (inFlight.stillPermitted = stillPermitted),
      becomeFeed: () => slot.becomeFeed(),
    };
  }

  function refuse({ req, res }: AppContext, connection: Connection, requestId: string, error: unknown): void {
    // The peer is gone, and nobody is left to answer.
    if (res.destroyed || req.socket.destroyed) return;
    if (!(error instanceof Refusal)) options.onFailure(error, requestId);
    const code = error instanceof Refusal ? error.code : 'internal';
    if (code === 'out-of-files') options.onShortage();
    if (isDenial(code)) options.onRefused(code, connection, requestId);
    if (sendRefusal(res, code, error instanceof Refusal ? error.headers : {})) connection.isEnding = true;
  }

  return (request, response) => void handle(request, response);
}

function createRouter({ couch, files, service, version, now }: AppOptions): Router<State> {
  const router = new Router<State>({ sensitive: true, strict: true });
  router.get('/', ({ state }) => sendInfo(state.exchange, service(), version, now()));
  router.get('/revocations', ({ state }) => sendRevocations(state.exchange, service()));
  router.post('/files/have', ({ state }) => files.sendHave(state.exchange));
  router.get('/files/:id/leaves', ({ state, params }) =>
    files.sendLeaves(state.exchange, params['id'] ?? ''),
  );
  router.get('/files/:id', ({ state, params }) => files.sendBlob(state.exchange, params['id'] ?? ''));
  router.all(['/couch', '/couch/{*path}'], ({ state }) => couch(state.exchange));
  return router;
}

/** 405 with the methods of a path that is known, 404 for any other. */
function refuseUnrouted(router: Router<State>, path: string, method: string): never {
  const methods = router.match(path, method).path.flatMap((layer) => layer.methods);
  if (methods.length === 0) throw new Refusal('no-such-resource');
  throw new Refusal('method-not-allowed', { allow: [...new Set(methods)].join(', ') });
}

const BAD_REQUEST = 400;
/** Told to the launcher: what was asked in a form or for a thing that is not permitted; not what is merely not there. */
const UNTOLD = new Set<number>([404, 405, 412, 416]);
const isDenial = (code: RefusalCode): boolean => {
  const { status } = REPLIES[code];
  return code === 'blob-not-granted' || (status >= BAD_REQUEST && status < 500 && !UNTOLD.has(status));
};
