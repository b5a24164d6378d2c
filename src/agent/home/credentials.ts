// credentials.json: what the gateway signs in to CouchDB with, by the policy's names for it. Limited, and still secret.
import * as v from 'valibot';
import { writeFileAtomic } from '../../adapters/home/atomic-file.js';
import { NotPrivate, readPrivateFile } from '../../adapters/home/private-file.js';
import { createProblems, parseShape } from '../../core/env/problems.js';
import { COUCHDB } from '../../core/env/shape.js';
import { Failure } from '../cli/failure.js';
import type { Credentials } from '../config/gateway-env.js';

const CREDENTIALS = COUCHDB.entries.credentials satisfies v.GenericSchema;

/** The credentials; null where there is no file. Fails for one that is malformed, or that others can read. */
export async function readCredentials(path: string): Promise<Credentials | null> {
  const text = await readPrivateFile(path).catch((error: unknown) => {
    if (!(error instanceof NotPrivate)) throw error;
    throw new Failure('config', 'wrong-mode', `${path} can be read by others`, {
      hint: `Run: chmod 600 ${path}`,
    });
  });
  if (text === null) return null;
  const problems = createProblems();
  const credentials = parseShape(CREDENTIALS, parseJson(text), [], problems);
  if (credentials !== null) return credentials;
  throw new Failure('config', 'credentials', `${path} has problems`, {
    problems: problems.list,
    hint: 'Run `patchcord provision` to make it anew.',
  });
}

export const writeCredentials = (path: string, credentials: Credentials): Promise<void> =>
  writeFileAtomic(path, `${JSON.stringify(credentials, null, 2)}\n`);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
