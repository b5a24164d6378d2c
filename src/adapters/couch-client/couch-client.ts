// Talks to a CouchDB as one user, by nano: as its administrator, or with limited credentials. Every failure is a
// `CouchError`, which holds nothing of the request: nano's own errors carry its headers.
import nano from 'nano';
import {
  CouchError,
  type CouchClient,
  type CouchDocument,
  type CouchLogin,
  type CouchSession,
} from './types.js';
import { reachCouch } from './https-relay.js';
import { createReplicator } from './replicator.js';
import { CHANGES, NAMES, parseAnswer, parseChanges, ROWS } from './changes.js';

const NOT_FOUND = 404;
const CONFLICT = 412;
const NO_SETTING = new Set([NOT_FOUND, 405, 501]);
/** The reason that CouchDB gives for a value that is not set. */
const UNSET = 'unknown_config_value';

export * from './types.js';

/** One that took the connection and says nothing for so long counts as away; where no data is asked for, sooner. */
const ANSWER_MS = 60_000;
const ALIVE_MS = 10_000;
/** While a person, or a start, waits for it. */
export const SOON_MS = 3000;

/** For https, whom to trust there is said by `trustCouch` before. */
export function createCouchClient(
  url: string,
  login: CouchLogin | null,
  answerMs: number = ANSWER_MS,
): CouchClient {
  const headers = login === null ? {} : { Authorization: basic(login) };
  let server: Promise<nano.ServerScope> | null = null;
  const reach = (): Promise<nano.ServerScope> =>
    (server ??= reachCouch(url).then((reached) => nano({ url: reached, headers })));
  const ask = async <Result>(request: nano.RequestOptions, withinMs = answerMs): Promise<Result> => {
    const signal = AbortSignal.timeout(withinMs);
    const bounded = { ...request, signal };
    try {
      return (await (await reach()).request(bounded)) as Result;
    } catch (error) {
      throw signal.aborted
        ? new CouchError(null, 'it takes connections and does not answer in time')
        : describe(error);
    }
  };
  const askSoon = <Result>(request: nano.RequestOptions): Promise<Result> =>
    ask(request, Math.min(answerMs, ALIVE_MS));
  const orNull = async <Result>(asked: Promise<Result>, isNone: (status: number) => boolean) =>
    asked.catch((error: unknown) => {
      if (error instanceof CouchError && error.status !== null && isNone(error.status)) return null;
      throw error;
    });
  const settingPath = (section: string, key: string): string => `_node/_local/_config/${section}/${key}`;

  return {
    async info() {
      const info = await askSoon<Partial<nano.InfoResponse>>({ path: '' });
      if (typeof info.version !== 'string') throw new CouchError(null, 'what answers there is no CouchDB');
      return { version: info.version, uuid: info.uuid ?? null };
    },
    session: async () => (await ask<{ userCtx: CouchSession }>({ path: '_session' })).userCtx,
    databases: async () => parseAnswer(NAMES, await ask({ path: '_all_dbs' })),
    async hasDatabase(db) {
      return (await orNull(ask({ db }), (status) => status === NOT_FOUND)) !== null;
    },
    async createDatabase(db) {
      const made = await orNull(ask({ db, method: 'PUT' }), (status) => status === CONFLICT);
      return made !== null;
    },
    security: (db) => ask({ db, path: '_security' }),
    async setSecurity(db, body) {
      await ask({ db, path: '_security', method: 'PUT', body });
    },
    document: (db, doc) => orNull(ask<CouchDocument>({ db, doc }), (status) => status === NOT_FOUND),
    async documents(db, keys) {
      const request = { db, path: '_all_docs', method: 'POST', qs: { include_docs: true }, body: { keys } };
      const { rows } = parseAnswer(ROWS, await ask(request));
      return rows.flatMap(({ doc }) => (doc === null ? [] : (doc as CouchDocument)));
    },
    async putDocument(db, body) {
      await ask({ db, doc: body._id, method: 'PUT', body });
    },
    async changes(db, { since, limit }) {
      const qs = { since, limit, include_docs: true };
      const answer = parseAnswer(CHANGES, await ask({ db, path: '_changes', qs }));
      const results = answer.results.map((row) => ({ ...row, doc: row.deleted ? null : row.doc }));
      return { results, lastSeq: answer.last_seq };
    },
    ...createReplicator({ ask, askSoon, orNull }),
    async leafChanges(db, since, limit) {
      const qs = { since, limit, style: 'all_docs' };
      return parseChanges(await ask({ db, path: '_changes', qs }));
    },
    async setting(section, key) {
      try {
        return await ask<string>({ path: settingPath(section, key) });
      } catch (error) {
        if (!(error instanceof CouchError) || !NO_SETTING.has(error.status ?? 0)) throw error;
        return error.message === UNSET ? null : undefined;
      }
    },
    async setSetting(section, key, value) {
      await ask({ path: settingPath(section, key), method: 'PUT', body: value });
    },
  };
}

const basic = ({ username, password }: CouchLogin): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;

/** nano puts it before what the system says. */
const NANO_PREFACE = /^error happened in your connection\. Reason: (?:[A-Za-z]*Error: )*/;

function describe(error: unknown): CouchError {
  const { statusCode, reason, message } = error as Partial<nano.RequestError>;
  if (typeof statusCode === 'number')
    return new CouchError(statusCode, reason ?? `it answered ${statusCode}`);
  return new CouchError(null, message?.replace(NANO_PREFACE, '') ?? 'it cannot be reached');
}
