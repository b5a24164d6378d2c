// peer-streams.json: the port at which local programs reach peers, and the tokens that let them in. The port is chosen
// once and kept, since a replication's checkpoints hang on its URL. Knows no peer.
import { randomBytes } from 'node:crypto';
import * as v from 'valibot';
import { writeFileAtomic } from '../../adapters/home/atomic-file.js';
import { NotPrivate, readPrivateFile } from '../../adapters/home/private-file.js';
import { findFreePort } from '../../adapters/net/free-port.js';
import { createProblems, parseShape } from '../../core/env/problems.js';
import { PEER_STREAMS } from '../../core/env/shape.js';
import { Failure } from '../cli/failure.js';
import type { Paths } from './paths.js';

const FILE = v.strictObject({ port: PEER_STREAMS.entries.port.wrapped, tokens: PEER_STREAMS.entries.tokens });

export interface StreamAccess {
  /** On 127.0.0.1. */
  readonly port: number;
  readonly tokens: Readonly<Record<string, string>> & { readonly [Name in TokenName]: string };
}

/** For those who want to reach peers. */
export interface StreamsPlace {
  /** What stands before a device's id. */
  readonly url: string;
  readonly tokensIn: string;
}

/** Null where no port is listened on. */
export const placeOf = (port: number | null, { peerStreams }: Paths): StreamsPlace | null =>
  port === null ? null : { url: `http://127.0.0.1:${port}/peers/`, tokensIn: peerStreams };

/** Whom each is for: CouchDB’s replicator and the agent, and this person’s other programs. */
type TokenName = 'replicator' | 'local';

const TOKEN_BYTES = 24;
const createToken = (): string => randomBytes(TOKEN_BYTES).toString('base64url');

/** The access of the last time; null where there was none. Fails for a file that is malformed, or that others can read. */
export async function readStreamAccess({
  peerStreams: path,
}: Paths): Promise<v.InferOutput<typeof FILE> | null> {
  const text = await readPrivateFile(path).catch((error: unknown) => {
    if (!(error instanceof NotPrivate)) throw error;
    throw new Failure('config', 'wrong-mode', `${path} can be read by others`, {
      hint: `Take it away, and the next \`patchcord up\` makes new tokens: rm ${path}`,
    });
  });
  if (text === null) return null;
  const problems = createProblems();
  const access = parseShape(FILE, parseJson(text), [], problems);
  if (access !== null) return access;
  throw new Failure('config', 'peer-streams', `${path} has problems`, {
    problems: problems.list,
    hint: 'Take it away, and the next `patchcord up` makes it anew.',
  });
}

/** As it was, at the port that the configuration wishes, with the tokens that are missing made; kept for the next time. */
export async function openStreamAccess(paths: Paths, wishedPort: number | null): Promise<StreamAccess> {
  const known = await readStreamAccess(paths);
  const port = wishedPort ?? known?.port ?? (await findFreePort());
  if (port === null) throw new Failure('os', 'no-port', 'no port on 127.0.0.1 is free for peer streams');
  // The port is free while nothing of this home runs: whoever took it then was told the replicator's token, perhaps.
  const access = { port, tokens: { local: createToken(), ...known?.tokens, replicator: createToken() } };
  await writeFileAtomic(paths.peerStreams, `${JSON.stringify(access, null, 2)}\n`);
  return access;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
