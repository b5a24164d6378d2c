// The two ends of a job: a peer's database through the gateway, and the one here, as the role of that peer.
import type { CouchLogin, ReplicationEnd } from '../../adapters/couch-client/couch-client.js';
import { REPLICATION_SELECTOR } from '../../core/couch/changes.js';
import { STREAM_USER } from '../../core/peers/stream-target.js';
import type { PullJob } from '../../core/replication/jobs.js';
import type { Credentials } from '../config/gateway-env.js';
import type { StreamAccess } from '../home/stream-access.js';

export interface EndsContext {
  readonly streams: StreamAccess;
  readonly upstreamUrl: string;
  readonly credentials: () => Credentials;
}

export interface JobEnds {
  readonly source: ReplicationEnd;
  readonly target: ReplicationEnd;
  /** Null where design documents are pulled too. */
  readonly selector: object | null;
}

export class NoCredential extends Error {}

/** What stands before the device in every source of this agent. */
export const sourceBase = ({ port }: StreamAccess): string => `http://127.0.0.1:${port}/peers/`;

/** Throws `NoCredential` where there is none that the replicator could sign in with. */
export function endsOf(job: PullJob, { streams, upstreamUrl, credentials }: EndsContext): JobEnds {
  const name = encodeURIComponent(job.database);
  const path = `${job.deviceId}/couch/${name}`;
  const password = streams.tokens.replicator;
  return {
    source: { url: sourceBase(streams) + path, login: { username: STREAM_USER, password } },
    target: { url: new URL(name, upstreamUrl).href, login: loginOf(credentials(), job.credential) },
    selector: job.design ? null : REPLICATION_SELECTOR,
  };
}

function loginOf(credentials: Credentials, name: string): CouchLogin | null {
  const credential = Object.hasOwn(credentials, name) ? credentials[name] : undefined;
  if (credential === undefined) throw new NoCredential(`there is no credential ${name}`);
  if ('basic' in credential) return credential.basic;
  if ('none' in credential) return null;
  throw new NoCredential(`the credential ${name} is no user and password`);
}
