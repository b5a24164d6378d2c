// The databases that the tests are run against: always the embedded server, as a real child process, and an Apache
// CouchDB too where PATCHCORD_TEST_COUCHDB (http://admin:password@127.0.0.1:port, or two of them with a comma) names one. What a test makes on it
// has names that nobody else uses, and is removed afterwards.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  startEmbeddedCouch,
  type EmbeddedCouchEvent,
} from '../../dist/agent/embedded-couch/embedded-couch.js';

export type UpstreamKind = 'embedded' | 'couchdb';

export const COUCHDB_URLS = (process.env['PATCHCORD_TEST_COUCHDB'] ?? '')
  .split(',')
  .filter((url) => url !== '');
const [COUCHDB_URL, SECOND_COUCHDB_URL] = COUCHDB_URLS;
/** Whether they serve this run of one test alone, and may be restarted under it. */
export const MAY_RESTART_COUCHDB = process.env['PATCHCORD_TEST_COUCHDB_RESTART'] === '1';

export const UPSTREAM_KINDS: readonly UpstreamKind[] =
  COUCHDB_URL === undefined ? ['embedded'] : ['embedded', 'couchdb'];

export interface Login {
  readonly username: string;
  readonly password: string;
}

export interface DirectReply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

export interface TestUpstream {
  readonly kind: UpstreamKind;
  readonly url: string;
  readonly port: number;
  readonly admin: Login;
  /** Asks directly, past any gateway, as the administrator. A body is sent as JSON. */
  ask(method: string, path: string, body?: unknown): Promise<DirectReply>;
  /** A new user, who is an administrator of nothing. */
  createUser(role: string): Promise<Login>;
  setPassword(user: Login, password: string): Promise<void>;
  /** A new database for these users; `admins` of them may write design documents. */
  createDatabase(
    start: string,
    users: { members?: readonly Login[]; admins?: readonly Login[] },
  ): Promise<string>;
  close(): Promise<void>;
}

/** An embedded server, whose process can be ended; it is started again by its keeper. */
export interface EmbeddedUpstream extends TestUpstream {
  /** Kills the process; resolves when a new one listens. */
  restart(): Promise<void>;
  /** Ends the process for good; `start` brings it back, on the same port and with the same databases. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** What two devices may have: the second of a pair of CouchDBs is the second that is named. */
export const UPSTREAM_PAIRS: readonly (readonly [UpstreamKind, UpstreamKind])[] = [
  ['embedded', 'embedded'],
  ...(COUCHDB_URL === undefined
    ? []
    : ([
        ['couchdb', 'embedded'],
        ['embedded', 'couchdb'],
      ] as const)),
  ...(SECOND_COUCHDB_URL === undefined ? [] : ([['couchdb', 'couchdb']] as const)),
];

export const startSecondUpstream = (kind: UpstreamKind): Promise<TestUpstream> =>
  kind === 'embedded'
    ? startEmbedded()
    : Promise.resolve(useCouchdb(SECOND_COUCHDB_URL ?? COUCHDB_URL ?? ''));

export const startUpstream = (kind: UpstreamKind): Promise<TestUpstream> =>
  kind === 'embedded' ? startEmbedded() : Promise.resolve(useCouchdb(COUCHDB_URL ?? ''));

export async function startEmbedded(): Promise<EmbeddedUpstream> {
  const folder = mkdtempSync(join(tmpdir(), 'patchcord-couch-'));
  const admin = newLogin('admin');
  const listening = createSignal();
  let pid = 0;
  const onEvent = (event: EmbeddedCouchEvent): void => {
    if (event.event !== 'listening') return;
    ({ pid } = event);
    listening.fire();
  };
  const launch = (port: number) => startEmbeddedCouch({ folder, port, admin, onEvent });
  let server = await launch(0);
  const { url, port } = server;
  return {
    ...createDirect('embedded', url, admin),
    async restart() {
      const again = listening.next();
      process.kill(pid, 'SIGKILL');
      await again;
    },
    stop: () => server.close(),
    async start() {
      server = await launch(port);
    },
    async close() {
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function useCouchdb(text: string): TestUpstream {
  const url = new URL(text);
  const admin = { username: decodeURIComponent(url.username), password: decodeURIComponent(url.password) };
  url.username = '';
  url.password = '';
  const direct = createDirect('couchdb', url.href, admin);
  return { ...direct, close: direct.cleanUp };
}

/** Resolves when it begins to: its jobs, feeds and connections end. */
export async function restartCouchdb(upstream: TestUpstream): Promise<void> {
  const { status } = await upstream.ask('POST', '/_node/_local/_restart', {});
  if (status !== 200) throw new Error(`it does not restart: ${status}`);
}

const newLogin = (role: string): Login => ({
  username: `patchcord-${role}-${uniquePart()}`,
  password: randomBytes(12).toString('hex'),
});

const uniquePart = (): string => randomBytes(5).toString('hex');

const userPath = (username: string): string =>
  `/_users/${encodeURIComponent(`org.couchdb.user:${username}`)}`;

/** A header of basic authentication (RFC 7617). */
export const basicOf = ({ username, password }: Login): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;

function createDirect(
  kind: UpstreamKind,
  url: string,
  admin: Login,
): Omit<TestUpstream, 'close'> & { cleanUp: () => Promise<void> } {
  const made: string[] = [];

  async function ask(method: string, path: string, body?: unknown): Promise<DirectReply> {
    const reply = await fetch(new URL(path, url), {
      method,
      headers: {
        authorization: basicOf(admin),
        accept: 'application/json',
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await reply.text();
    return { status: reply.status, headers: reply.headers, body: text === '' ? null : JSON.parse(text) };
  }

  async function make(path: string, body?: unknown): Promise<void> {
    const { status } = await ask('PUT', path, body);
    if (status !== 201) throw new Error(`${path} could not be made: ${status}`);
    made.push(path);
  }

  return {
    kind,
    url,
    port: Number(new URL(url).port),
    admin,
    ask,
    async createUser(role) {
      const login = newLogin(role);
      const user = { name: login.username, password: login.password, type: 'user', roles: [] };
      await make(userPath(login.username), user);
      return login;
    },
    async setPassword({ username }, password) {
      const path = userPath(username);
      const { body } = await ask('GET', path);
      const { status } = await ask('PUT', path, { ...(body as object), password });
      if (status !== 201) throw new Error(`the password could not be changed: ${status}`);
    },
    async createDatabase(start, { members = [], admins = [] }) {
      const name = `${start}-${uniquePart()}`;
      await make(`/${name}`);
      const namesOf = (logins: readonly Login[]) => ({
        names: logins.map(({ username }) => username),
        roles: [],
      });
      await ask('PUT', `/${name}/_security`, {
        members: namesOf([...members, ...admins]),
        admins: namesOf(admins),
      });
      return name;
    },
    async cleanUp() {
      for (const path of made) {
        const { headers } = await ask('HEAD', path);
        const rev = path.startsWith('/_users/')
          ? `?rev=${headers.get('etag')?.replaceAll('"', '') ?? ''}`
          : '';
        await ask('DELETE', path + rev);
      }
    },
  };
}

/** Something that happens again and again; `next` waits for the next time. */
function createSignal(): { fire(): void; next(): Promise<void> } {
  const waiting = new Set<() => void>();
  return {
    fire() {
      for (const resolve of waiting) resolve();
      waiting.clear();
    },
    next: () => new Promise((resolve) => void waiting.add(resolve)),
  };
}
