// The embedded server's front: parses each request once, decides who may, and only then hands it on. Deny is the
// default; nothing reaches the engine that no route names.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Refusal, REPLIES, type Reply } from '../../core/errors.js';
import { parseTarget, type Target } from '../../core/target.js';
import { readBody } from './body.js';
import { parseQuery, sendJson, type Call } from './call.js';
import { createEngine, type Engine } from './engine.js';
import type { Admin } from './messages.js';
import type { Packages } from './packages.js';
import { Problem, PROBLEMS, require } from './problems.js';
import { routeFor, type Route } from './routes.js';
import { enterDatabase, USERS_DATABASE } from './security.js';
import { createAuthenticate, isServerAdmin, type Authenticate, type User } from './users.js';

export interface CouchServer {
  readonly http: Server;
  /** Stops accepting, ends feeds, lets requests finish for `drainMs`, and closes the databases. */
  close(drainMs: number): Promise<void>;
}

interface Parts {
  readonly engine: Engine;
  readonly authenticate: Authenticate;
  readonly closing: AbortSignal;
}

/**
 * As long as CouchDB keeps a connection that nobody uses. After Node's own 5 s, a client on a busy machine asks on one
 * that is just being closed.
 */
const KEEP_ALIVE_MS = 300_000;

export async function createCouchServer(
  packages: Packages,
  folder: string,
  admin: Admin,
): Promise<CouchServer> {
  const engine = await createEngine(packages, folder);
  const users = await engine.create(USERS_DATABASE);
  const closing = new AbortController();
  const parts = { engine, authenticate: createAuthenticate(admin, users), closing: closing.signal };
  const http = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    // A connection that falls idle after `close` was called would stay.
    response.once('close', () => {
      if (closing.signal.aborted) http.closeIdleConnections();
    });
    void answer(parts, request, response);
  });
  return {
    http,
    async close(drainMs) {
      closing.abort();
      const drained = new Promise((resolve) => http.close(resolve));
      const cut = setTimeout(() => http.closeAllConnections(), drainMs);
      await drained;
      clearTimeout(cut);
      await engine.close();
    },
  };
}

async function answer(parts: Parts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    await handle(parts, request, response);
  } catch (error) {
    refuse(response, replyTo(error));
  }
}

async function handle(parts: Parts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { engine, closing } = parts;
  const { method = '' } = request;
  const target = parseTarget(request.url ?? '');
  const user = await parts.authenticate(request.headers.authorization);
  const { segments } = target;
  const route = routeFor(method, checkedSegments(target));
  // What is not there is 404 for everyone: at 401 for `POST /_session` CouchDB's replicator would give up.
  if (route === null) throw new Problem('missing');
  requireStanding(route, user);
  const query = pickQuery(parseQuery(target), route.query);
  const call = { request, response, method, segments, query, user, engine, closing };
  await perform(route, call);
}

/** Nobody learns what databases there are, and none but the server's admin what is about no database. */
function requireStanding({ needs }: Route, user: User): void {
  if (needs === 'anyone') return;
  require('needs-user', user.name !== null);
  if (needs === 'server-admin') require('needs-admin', isServerAdmin(user));
}

async function perform(route: Route, call: Omit<Call, 'body'>): Promise<void> {
  if (route.needs === 'anyone' || route.needs === 'server-admin') {
    await route.handle({ ...call, body: await readBody(call.request, route.body) });
    return;
  }
  const database = await enterDatabase(call.engine, call.segments[0] ?? '', call.user);
  if (route.needs === 'database-admin') require('needs-database-admin', database.isAdmin);
  await route.handle({ ...call, database, body: await readBody(call.request, route.body) });
}

/** "/db/" is "/db"; any other slash at the end has two readings. */
function checkedSegments({ segments, trailingSlash }: Target): readonly string[] {
  if (trailingSlash && segments.length !== 1) throw new Refusal('target-trailing-slash');
  return segments;
}

const pickQuery = (
  query: ReadonlyMap<string, string>,
  names: readonly string[] | null,
): ReadonlyMap<string, string> =>
  names === null ? query : new Map([...query].filter(([name]) => names.includes(name)));

function replyTo(error: unknown): Reply {
  if (error instanceof Problem) return PROBLEMS[error.code];
  if (error instanceof Refusal) return REPLIES[error.code];
  return pouchReply(error);
}

/** PouchDB's errors carry CouchDB's status, name and message; whatever else went wrong is nobody's business. */
function pouchReply(error: unknown): Reply {
  const { status, name, message } = (error ?? {}) as { status?: unknown; name?: unknown; message?: unknown };
  const isPouch = typeof status === 'number' && status >= 400 && status < 500;
  if (isPouch && typeof name === 'string') return { status, error: name, reason: String(message) };
  console.error('request failed:', error);
  return PROBLEMS.internal;
}

function refuse(response: ServerResponse, { status, error, reason }: Reply): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  // Closed in the middle of its body, the client would see a broken connection and not the reply.
  response.req.resume();
  sendJson(response, status, { error, reason });
}
