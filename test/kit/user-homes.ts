// Homes of devices of one user, as pairing would have left them: written, so that a test begins where it wants to.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { createDeviceKey, type DeviceKey } from '../../dist/adapters/pki/keys.js';
import { signStatement } from '../../dist/adapters/pki/sign-statement.js';
import { createUserCa, issueLeaf, type UserCa } from '../../dist/adapters/pki/user-ca.js';
import { recordPath } from '../../dist/agent/directory/record-file.js';
import type { DeviceId } from '../../dist/core/ids.js';
import type { SharePayload, StatementDocument } from '../../dist/core/statements.js';
import { createTestHome, linesOf, patchcord, type TestHome } from './agent.js';
import { authorization } from './streams.js';
import { eventually } from './until.js';

export interface TestMember {
  readonly home: TestHome;
  readonly name: string;
  readonly deviceId: DeviceId;
  readonly key: DeviceKey;
  readonly leaf: string;
}

export interface MemberPlan {
  readonly name: string;
  /** Whether it has the user CA key. */
  readonly isHolder?: boolean;
  /** When its leaf was issued. */
  readonly leafAt?: Date;
  readonly config?: Record<string, unknown>;
}

export interface UserHomes {
  readonly ca: UserCa;
  readonly members: readonly TestMember[];
  /** Signed by this user's CA. */
  deviceStatement(member: Pick<TestMember, 'deviceId' | 'name' | 'leaf'>, counter: number): StatementDocument;
  revocation(deviceId: DeviceId, at?: Date): StatementDocument;
  shareStatement(peer: UserCa, databases: SharePayload['databases'], counter: number): StatementDocument;
}

/** One home for each plan; all know each other. Each listens on loopback. */
export function createUserHomes(
  t: TestContext,
  plans: readonly MemberPlan[],
  madeAt = new Date(),
): UserHomes {
  const ca = createUserCa({ now: madeAt });
  const time = madeAt.toISOString();
  const { userId } = ca;
  const deviceStatement: UserHomes['deviceStatement'] = ({ deviceId, name, leaf }, counter) =>
    signStatement({ type: 'device', userId, time, deviceId, name, leaf, counter }, ca);
  const members = plans.map((plan): TestMember => {
    const home = createTestHome(t);
    const key = createDeviceKey();
    const leaf = issueLeaf({ ca, publicKey: key.publicKey, now: plan.leafAt ?? madeAt });
    writeIdentity(home, ca, key, leaf, plan.isHolder === true);
    home.writeConfig({ name: plan.name, listen: { on: 'loopback' }, ...plan.config });
    return { home, name: plan.name, deviceId: key.deviceId, key, leaf };
  });
  const statements = members.map((member) => deviceStatement(member, 1));
  for (const { home } of members) writeRecord(home, ca, statements);
  return {
    ca,
    members,
    deviceStatement,
    revocation: (deviceId, at = madeAt) =>
      signStatement({ type: 'revocation', userId, time: at.toISOString(), deviceId }, ca),
    shareStatement: (peer, databases, counter) =>
      signStatement(
        { type: 'share', userId, time, peerUserId: peer.userId, ca: peer.certPem, databases, counter },
        ca,
      ),
  };
}

function writeIdentity(home: TestHome, ca: UserCa, key: DeviceKey, leaf: string, isHolder: boolean): void {
  const files = new Map([
    ['leaf.pem', leaf],
    ['leaf.key', key.keyPem],
    ['user-ca.pem', ca.certPem],
    ...(isHolder ? [['user-ca.key', ca.keyPem] as const] : []),
  ]);
  mkdirSync(home.paths.identity, { recursive: true, mode: 0o700 });
  for (const [name, text] of files) writeFileSync(join(home.paths.identity, name), text, { mode: 0o600 });
}

/** In place of what the home had. */
export function writeRecord(home: TestHome, ca: UserCa, statements: readonly StatementDocument[]): void {
  mkdirSync(home.paths.directory, { recursive: true, mode: 0o700 });
  const record = { version: 1, statements, denied: [] };
  writeFileSync(recordPath(home.paths, ca.userId), JSON.stringify(record), { mode: 0o600 });
}

export const readRecordText = (home: TestHome, ca: UserCa): string =>
  readFileSync(recordPath(home.paths, ca.userId), 'utf8');

export interface ToldDevices {
  readonly userId: string;
  readonly caKey: string;
  readonly devices: readonly {
    readonly deviceId: string;
    readonly name: string;
    readonly isThis: boolean;
    readonly daysLeft: number;
    readonly revoked: string;
    readonly holdsCaKey: boolean;
  }[];
  readonly shares: readonly { readonly userId: string; readonly databases: SharePayload['databases'] }[];
  readonly requests: readonly { readonly id: string }[];
}

/** What `patchcord devices` tells in a home. */
export async function devicesOf(home: TestHome): Promise<ToldDevices> {
  const { code, stdout, stderr } = await patchcord(home, ['devices', '--json']);
  if (code !== 0) throw new Error(stdout + stderr);
  return linesOf(stdout)[0] as unknown as ToldDevices;
}

export interface LocalCouch {
  get(path: string): Promise<{ status: number; body: Record<string, unknown> }>;
  put(path: string, body: object): Promise<number>;
  remove(path: string): Promise<number>;
}

/** The embedded database of a running `up`, as own devices may use it. */
export async function couchOf(home: TestHome): Promise<LocalCouch> {
  const { callRpc } = await import('../../dist/adapters/agent-socket/rpc-client.js');
  const { url, credentials } = (await callRpc(home.paths.socket, 'couchdb')) as {
    url: string;
    credentials: { own: { basic: { username: string; password: string } } };
  };
  const { username, password } = credentials.own.basic;
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const ask = (method: string, path: string, body?: object): Promise<Response> =>
    fetch(url + path, {
      method,
      headers: { authorization, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  return {
    async get(path) {
      const reply = await ask('GET', path);
      return { status: reply.status, body: (await reply.json()) as Record<string, unknown> };
    },
    put: async (path, body) => (await ask('PUT', path, body)).status,
    remove: async (path) => (await ask('DELETE', path)).status,
  };
}

/** Has a running `up` connect to a device whose address its configuration has: on loopback nobody is announced. */
export async function reach(home: TestHome, deviceId: DeviceId): Promise<void> {
  const access = JSON.parse(readFileSync(home.paths.peerStreams, 'utf8')) as {
    port: number;
    tokens: { local: string };
  };
  const headers = { authorization: authorization(access.tokens.local) };
  await eventually(async () => {
    const reply = await fetch(`http://127.0.0.1:${access.port}/peers/${deviceId}/`, { headers });
    return reply.ok ? true : null;
  });
}
