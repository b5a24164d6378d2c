// What is asked of the server itself, and of databases as wholes.
import { sendJson, type Call, type DatabaseCall } from './call.js';
import { isPlainDatabaseName } from './engine.js';
import { Problem, require } from './problems.js';
import { parseSecurity, writeSecurity } from './security.js';

export function welcome({ response, engine }: Call): void {
  const vendor = { name: 'patchcord, embedded PouchDB', version: engine.version };
  sendJson(response, 200, { couchdb: 'Welcome', version: engine.version, vendor });
}

export function up({ response }: Call): void {
  sendJson(response, 200, { status: 'ok' });
}

export function session({ response, user }: Call): void {
  const authenticated = user.name === null ? {} : { authenticated: 'default' };
  const info = { authentication_handlers: ['default'], ...authenticated };
  sendJson(response, 200, { ok: true, userCtx: user, info });
}

export async function allDatabases({ response, engine }: Call): Promise<void> {
  sendJson(response, 200, (await engine.list()).sort());
}

const nameOf = ({ segments: [name = ''] }: Call): string => name;

export async function createDatabase(call: Call): Promise<void> {
  const name = nameOf(call);
  require('database-name', isPlainDatabaseName(name));
  if ((await call.engine.open(name)) !== null) throw new Problem('database-exists');
  await call.engine.create(name);
  sendJson(call.response, 201, { ok: true });
}

export async function destroyDatabase(call: Call): Promise<void> {
  const name = nameOf(call);
  require('database-name', isPlainDatabaseName(name));
  if ((await call.engine.open(name)) === null) throw new Problem('no-database');
  await call.engine.destroy(name);
  sendJson(call.response, 200, { ok: true });
}

export function getSecurity({ database, response }: DatabaseCall): void {
  sendJson(response, 200, database.security);
}

export async function putSecurity({ body, database, response }: DatabaseCall): Promise<void> {
  await writeSecurity(database.pouch, parseSecurity(body));
  sendJson(response, 200, { ok: true });
}
