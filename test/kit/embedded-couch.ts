// A real embedded server in a folder of its own, and a client that says who it is.
import { EventEmitter, once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  startEmbeddedCouch,
  type EmbeddedCouch,
  type EmbeddedCouchEvent,
} from '../../dist/agent/embedded-couch/embedded-couch.js';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

export const ADMIN: Credentials = { username: 'root', password: 'of all evil' };
/** A user who may do nothing but what a database says; made by `addUser`. */
export const ADA: Credentials = { username: 'ada', password: 'pass:word' };
export const GRACE: Credentials = { username: 'grace', password: 'hopper' };

export interface Asked {
  /** Nobody, when it is not said. */
  readonly as?: Credentials;
  /** Sent as it is when it is a text or bytes, else as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

export interface TestCouch {
  readonly couch: EmbeddedCouch;
  readonly folder: string;
  /** The events so far, each emitted by its name as it comes. */
  readonly events: EventEmitter;
  /** The process that serves now. */
  pid(): number;
  ask(method: string, path: string, asked?: Asked): Promise<Answered>;
  /** A response whose body is still to come. */
  open(method: string, path: string, asked?: Asked): Promise<Response>;
  /** A new database in which these may read and write. */
  createDatabase(name: string, members: readonly Credentials[]): Promise<void>;
  addUser(user: Credentials, roles?: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

export const basic = ({ username, password }: Credentials): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;

export async function startTestCouch(): Promise<TestCouch> {
  const folder = await mkdtemp(join(tmpdir(), 'patchcord-couch-'));
  const events = new EventEmitter();
  let pid = 0;
  const onEvent = (event: EmbeddedCouchEvent): void => {
    if (event.event === 'listening') pid = event.pid;
    events.emit(event.event, event);
  };
  const couch = await startEmbeddedCouch({ folder, port: 0, admin: ADMIN, onEvent }).catch(
    async (error: unknown) => {
      await rm(folder, { recursive: true });
      throw error;
    },
  );
  const client = createClient(couch.url);
  return {
    couch,
    folder,
    events,
    pid: () => pid,
    ...client,
    async createDatabase(name, members) {
      await expectOk(client.ask('PUT', `/${name}`, { as: ADMIN }));
      const security = { members: { names: members.map(({ username }) => username) } };
      await expectOk(client.ask('PUT', `/${name}/_security`, { as: ADMIN, body: security }));
    },
    async addUser({ username, password }, roles = []) {
      const body = { type: 'user', name: username, password, roles };
      await expectOk(client.ask('PUT', `/_users/org.couchdb.user:${username}`, { as: ADMIN, body }));
    },
    async close() {
      await couch.close();
      await rm(folder, { recursive: true });
    },
  };
}

export function createClient(url: string): Pick<TestCouch, 'ask' | 'open'> {
  async function open(method: string, path: string, asked: Asked = {}): Promise<Response> {
    const { as, body, headers = {}, signal } = asked;
    const isPlain = body === undefined || typeof body === 'string' || body instanceof Uint8Array;
    return fetch(new URL(path, url), {
      method,
      headers: {
        ...(as === undefined ? {} : { authorization: basic(as) }),
        ...(isPlain ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined
        ? {}
        : { body: isPlain ? (body as string | Uint8Array<ArrayBuffer>) : JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  }
  return {
    open,
    async ask(method, path, asked) {
      const response = await open(method, path, asked);
      const text = await response.text();
      return { status: response.status, headers: response.headers, body: readJson(text) };
    },
  };
}

/** JSON as its value, anything else as the text. */
function readJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

async function expectOk(answered: Promise<Answered>): Promise<void> {
  const { status, body } = await answered;
  if (status >= 300) throw new Error(`${status}: ${JSON.stringify(body)}`);
}

/** The next event of this name. */
export async function next<Name extends EmbeddedCouchEvent['event']>(
  events: EventEmitter,
  name: Name,
): Promise<Extract<EmbeddedCouchEvent, { event: Name }>> {
  const [event] = (await once(events, name)) as [Extract<EmbeddedCouchEvent, { event: Name }>];
  return event;
}
