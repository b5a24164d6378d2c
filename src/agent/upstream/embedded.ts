// The embedded server, set up: an administrator for this run, a user for each role, the first databases. For trying
// things; nothing of its passwords is stored.
import { randomBytes } from 'node:crypto';
import { createCouchClient } from '../../adapters/couch-client/couch-client.js';
import { Failure } from '../cli/failure.js';
import { FIRST_DATABASE } from '../config/default-policy.js';
import type { Credentials } from '../config/gateway-env.js';
import {
  EmbeddedCouchError,
  startEmbeddedCouch,
  type EmbeddedCouch,
} from '../embedded-couch/embedded-couch.js';
import { applyPlan } from '../provision/apply.js';
import { listDatabases } from '../provision/follow.js';
import { readPlan } from '../provision/plan.js';
import { targetsOf } from '../provision/targets.js';
import type { Upstream, UpstreamContext } from './types.js';

const ADMIN_NAME = 'patchcord-admin';
const PASSWORD_BYTES = 24;

export async function openEmbedded(context: UpstreamContext): Promise<Upstream> {
  const { settings, identity } = context;
  const login = { username: ADMIN_NAME, password: randomBytes(PASSWORD_BYTES).toString('base64url') };
  const server = await start(context, login);
  try {
    const { url } = server;
    const admin = createCouchClient(url, login);
    const targets = targetsOf(settings.policy, {}, identity.deviceId);
    const firstDatabases = [FIRST_DATABASE, settings.directory];
    const plan = { url, admin, targets, credentials: {}, ended: [], firstDatabases };
    const credentials: Credentials = {};
    await applyPlan(plan, await readPlan(plan), (made) => void Object.assign(credentials, made));
    const databases = await listDatabases(admin);
    return {
      kind: 'embedded',
      url,
      credentials,
      databases,
      admin: { client: admin, login },
      close: () => server.close(),
    };
  } catch (error) {
    await server.close();
    throw error;
  }
}

async function start(
  { paths, onEmbedded }: UpstreamContext,
  admin: { username: string; password: string },
): Promise<EmbeddedCouch> {
  try {
    return await startEmbeddedCouch({ folder: paths.couch, port: 0, admin, onEvent: onEmbedded });
  } catch (error) {
    if (!(error instanceof EmbeddedCouchError)) throw error;
    throw new Failure('unavailable', `embedded-${error.code}`, error.message, {
      hint: `Or name a CouchDB in ${paths.config}: {"couchdb": {"url": "http://127.0.0.1:5984/"}}`,
    });
  }
}
