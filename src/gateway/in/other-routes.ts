// What is asked for now and then, by koa and its router: all but `/couch` and the blobs themselves. They see the target
// written anew from its parsed form, never what the client wrote.
import Router from '@koa/router';
import Koa from 'koa';
import type { IncomingMessage } from 'node:http';
import type { Service } from '../../core/env/env.js';
import { Refusal } from '../../core/errors.js';
import { formatTarget } from '../../core/target.js';
import type { Exchange } from './exchange.js';
import type { FilesHandlers } from './files.js';
import { sendInfo, sendRevocations } from './info.js';

export interface OtherRoutesOptions {
  readonly service: () => Service;
  readonly files: FilesHandlers;
  readonly version: string;
  readonly now: () => Date;
}

interface State {
  exchange: Exchange;
}

interface Waiting {
  readonly exchange: Exchange;
  readonly fail: (error: unknown) => void;
}

/** Answers what no other handler does; rejects with the `Refusal`. */
export function createOtherRoutes(options: OtherRoutesOptions): (exchange: Exchange) => Promise<void> {
  const app = new Koa<State>();
  // Koa would print each reply that was cut, to a stderr that holds lines of JSON.
  app.silent = true;
  const router = createRouter(options);
  const waiting = new WeakMap<IncomingMessage, Waiting>();
  app.use(async (ctx, next) => {
    const { exchange, fail } = waiting.get(ctx.req) ?? missing();
    // The handlers write replies themselves; koa's own would come after them.
    ctx.respond = false;
    ctx.state.exchange = exchange;
    await next().catch(fail);
  });
  app.use(router.routes());
  app.use((ctx) => refuseUnrouted(router, ctx.path, ctx.method));
  const handle = app.callback();

  return async (exchange) => {
    const { request, response, target } = exchange;
    let failure: unknown = null;
    waiting.set(request, { exchange, fail: (error) => (failure = error) });
    request.url = formatTarget([...target.segments, ...(target.trailingSlash ? [''] : [])]);
    await handle(request, response);
    if (failure !== null) throw failure as Error;
  };
}

function missing(): never {
  throw new Error('a request that nobody began');
}

function createRouter({ files, service, version, now }: OtherRoutesOptions): Router<State> {
  const router = new Router<State>({ sensitive: true, strict: true });
  router.get('/', ({ state }) => sendInfo(state.exchange, service(), version, now()));
  router.get('/revocations', ({ state }) => sendRevocations(state.exchange, service()));
  router.post('/files/have', ({ state }) => files.sendHave(state.exchange));
  router.get('/files/:id/leaves', ({ state, params }) =>
    files.sendLeaves(state.exchange, params['id'] ?? ''),
  );
  // Only for what is said of a method that it has not.
  router.get('/files/:id', ({ state, params }) => files.sendBlob(state.exchange, params['id'] ?? ''));
  return router;
}

/** 405 with the methods of a path that is known, 404 for any other. */
function refuseUnrouted(router: Router<State>, path: string, method: string): never {
  const methods = router.match(path, method).path.flatMap((layer) => layer.methods);
  if (methods.length === 0) throw new Refusal('no-such-resource');
  throw new Refusal('method-not-allowed', { allow: [...new Set(methods)].join(', ') });
}
