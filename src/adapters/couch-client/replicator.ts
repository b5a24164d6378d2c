// CouchDB's own replicator: transient jobs (`POST /_replicate`, `GET /_scheduler/jobs`). They end with the server, and
// leave nothing but their checkpoints in `_local/`.
import type nano from 'nano';
import * as v from 'valibot';
import { CouchError, type CouchClient, type ReplicationEnd } from './types.js';

type Ask = <Result>(request: nano.RequestOptions) => Promise<Result>;
type OrNull = <Result>(asked: Promise<Result>, isNone: (status: number) => boolean) => Promise<Result | null>;

/** By default a job takes 20 connections, and four workers: with fifty databases that is too much of everything. */
const GENTLY = { http_connections: 4, worker_processes: 1 };
const NOT_FOUND = 404;
/** More than one device can want: 256 databases of a handful of peers. */
const MAX_JOBS = 4096;

const count = v.fallback(v.number(), 0);
const JOB = v.object({
  id: v.string(),
  source: v.fallback(v.string(), ''),
  info: v.fallback(
    v.nullable(
      v.object({
        docs_read: count,
        docs_written: count,
        doc_write_failures: count,
        through_seq: v.fallback(v.union([v.string(), v.number()]), '0'),
      }),
    ),
    null,
  ),
  history: v.fallback(
    v.array(v.object({ type: v.string(), reason: v.fallback(v.optional(v.string()), undefined) })),
    [],
  ),
});
const JOBS = v.object({ jobs: v.array(JOB) });

interface Asking {
  readonly ask: Ask;
  /** Does not wait long for one that says nothing. */
  readonly askSoon: Ask;
  readonly orNull: OrNull;
}

export const createReplicator = ({
  ask,
  askSoon,
  orNull,
}: Asking): Pick<CouchClient, 'replicate' | 'cancelReplication' | 'replicatorJobs'> => ({
  async replicate({ source, target, selector }) {
    const body = {
      ...{ source: endOf(source), target: endOf(target), continuous: true, ...GENTLY },
      ...(selector !== null && { selector }),
    };
    // One that was taken too late to be told would run, and nobody would know which.
    const answer = await ask<{ _local_id?: unknown }>({ path: '_replicate', method: 'POST', body });
    if (typeof answer._local_id === 'string') return answer._local_id;
    throw new CouchError(null, 'it began a replication, and did not say which');
  },
  async cancelReplication(id) {
    const body = { replication_id: id, cancel: true };
    const asked = askSoon({ path: '_replicate', method: 'POST', body });
    return (await orNull(asked, (status) => status === NOT_FOUND)) !== null;
  },
  async replicatorJobs() {
    const { jobs } = v.parse(JOBS, await askSoon({ path: '_scheduler/jobs', qs: { limit: MAX_JOBS } }));
    return jobs.map(({ id, source, info, history }) => ({
      id,
      source,
      read: info?.docs_read ?? 0,
      written: info?.docs_written ?? 0,
      failed: info?.doc_write_failures ?? 0,
      throughSeq: info === null ? null : String(info.through_seq),
      // The latest comes first.
      crash: history[0]?.type === 'crashed' ? (history[0].reason ?? 'it does not say why') : null,
    }));
  },
});

/** The login stands apart from the URL: the id of the job hangs on the URL and the user, and not on the password. */
const endOf = ({ url, login }: ReplicationEnd) =>
  login === null ? { url } : { url, auth: { basic: login } };
