// Where everything of this user lies (XDG Base Directory Specification). Opens nothing.
import { join } from 'node:path';
import { Failure } from '../cli/failure.js';

export interface Paths {
  readonly home: string;
  readonly identity: string;
  /** What user CAs have signed, as this device knows it: a file for each user that it was a device of. */
  readonly directory: string;
  /** Identities that were put aside. */
  readonly retired: string;
  /** The CouchDB credentials for the gateway. */
  readonly credentials: string;
  /** Where local programs reach peers, and their tokens. */
  readonly peerStreams: string;
  /** What is paused, and which databases were made for peers. */
  readonly replication: string;
  /** The embedded server's databases. */
  readonly couch: string;
  /** The parent folder of the first store. */
  readonly store: string;
  readonly lock: string;
  readonly config: string;
  readonly runtime: string;
  readonly socket: string;
}

export function readPaths(env: NodeJS.ProcessEnv): Paths {
  const home = join(baseFolder(env, 'XDG_DATA_HOME', '.local/share'), 'patchcord');
  // Without a session's runtime folder, as under sudo, the home does as well: it is this user's alone, too.
  const runtime = join(absolute(env['XDG_RUNTIME_DIR']) ?? join(home, 'run'), 'patchcord');
  return {
    home,
    identity: join(home, 'identity'),
    directory: join(home, 'directory'),
    retired: join(home, 'retired'),
    credentials: join(home, 'credentials.json'),
    peerStreams: join(home, 'peer-streams.json'),
    replication: join(home, 'replication.json'),
    couch: join(home, 'couch'),
    store: join(home, 'store'),
    lock: join(home, 'up.lock'),
    config: join(baseFolder(env, 'XDG_CONFIG_HOME', '.config'), 'patchcord', 'config.json'),
    runtime,
    socket: join(runtime, 'agent.sock'),
  };
}

/** "If $XDG_… is either not set or empty"; a relative one is to be passed over. */
const absolute = (path: string | undefined): string | null => (path?.startsWith('/') === true ? path : null);

function baseFolder(env: NodeJS.ProcessEnv, name: string, below: string): string {
  const set = absolute(env[name]);
  if (set !== null) return set;
  const userHome = absolute(env['HOME']);
  if (userHome === null)
    throw new Failure('config', 'no-home', `neither ${name} nor HOME is an absolute path`);
  return join(userHome, below);
}
