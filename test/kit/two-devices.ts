// Two devices of one user, each a real `patchcord up`, at the two ends of virtual cables; and what one asks their
// databases directly, as the limited user that their gateways have.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestContext } from 'node:test';
import { askAgentIfUp } from '../../dist/agent/rpc/ask-agent.js';
import type { AgentStatus } from '../../dist/agent/status/status.js';
import {
  createTestHome,
  isEvent,
  joinHome,
  linesOf,
  patchcord,
  startPatchcord,
  type Command,
  type TestHome,
} from './agent.js';
import { createOtherEnd, ip, plugCable, type OtherEnd } from './netns.js';
import { basicOf, type Login } from './upstreams.js';

/** What is looked at is done by other processes, which need the processor more than whoever waits for them. */
const LOOK_MS = 100;

/** The first value of `look` that is not null. */
export async function soon<Value>(look: () => Value | null | Promise<Value | null>): Promise<Value> {
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

const FETCH = fileURLToPath(new URL('./netns-fetch.js', import.meta.url));

export interface Reply {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

export interface Device {
  readonly home: TestHome;
  readonly deviceId: string;
  /** Null at this end. */
  readonly within: OtherEnd | null;
  readonly up: Command;
  /** Begins `up` again, after it was ended. */
  restart(): Promise<void>;
  status(): Promise<AgentStatus>;
  /** Asks its database as the limited user, or as someone else. */
  ask(method: string, path: string, body?: unknown, as?: Login): Promise<Reply>;
  /** Asks anything on its loopback. */
  askUrl(url: string, method: string, headers: Record<string, string>, body?: unknown): Promise<Reply>;
}

export interface DevicePlan {
  readonly deviceId: string;
  readonly within: OtherEnd | null;
  /** Where it listens. */
  readonly listen: readonly string[];
}

export async function startDevice(home: TestHome, plan: DevicePlan): Promise<Device> {
  const { deviceId, within, listen } = plan;
  const begin = async (): Promise<Command> => {
    const options = within === null ? {} : { within };
    const up = startPatchcord(home, ['up', '--json', '--listen', ...listen], options);
    await up.untilLine(isEvent('ready'));
    return up;
  };
  let up = await begin();
  return {
    ...{ home, deviceId, within },
    get up() {
      return up;
    },
    async restart() {
      up = await begin();
    },
    async status() {
      const status = await askAgentIfUp(home.paths, 'status');
      if (status === null) throw new Error('it is not up');
      return status;
    },
    async ask(method, path, body, as) {
      const couch = await askAgentIfUp(home.paths, 'couchdb');
      const own = couch?.credentials['own'];
      if (couch === null || own === undefined || !('basic' in own)) throw new Error('it is not up');
      const headers = { authorization: basicOf(as ?? own.basic) };
      return askAt(within, new URL(path, couch.url).href, method, headers, body);
    },
    askUrl: (url, method, headers, body) => askAt(within, url, method, headers, body),
  };
}

async function askAt(
  within: OtherEnd | null,
  url: string,
  method: string,
  more: Record<string, string>,
  body: unknown,
): Promise<Reply> {
  const headers = { ...more, 'content-type': 'application/json' };
  const asked = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
  if (within === null) {
    const reply = await fetch(url, asked);
    return { status: reply.status, body: parseBody(await reply.text()) };
  }
  const printed = await within.run(FETCH, JSON.stringify({ url, ...asked }));
  const reply = JSON.parse(printed) as { status: number; body: string };
  return { status: reply.status, body: parseBody(reply.body) };
}

/** A reply to HEAD has none. */
const parseBody = (text: string): Reply['body'] => (text === '' ? {} : JSON.parse(text)) as Reply['body'];

export interface TwoDevices {
  readonly near: Device;
  readonly far: Device;
  readonly other: OtherEnd;
  readonly plug: () => void;
  readonly unplug: () => void;
}

/** What this device sends on the link: so slow that what comes can be seen coming. */
export function slowDown({ within }: Pick<Device, 'within'>, link: string, megabits = 60): void {
  const limit = `tc qdisc add dev ${link} root tbf rate ${megabits}mbit burst 128kb latency 50ms`.split(' ');
  const pid = within?.pid ?? process.pid;
  execFileSync('nsenter', [`--net=/proc/${pid}/ns/net`, ...limit]);
}

export interface TwoDevicesOptions {
  readonly config?: { readonly near?: object; readonly far?: object };
}

/** Of one user, up, with a cable between them that is plugged in. */
export async function startTwoDevices(
  t: TestContext,
  { config = {} }: TwoDevicesOptions = {},
): Promise<TwoDevices> {
  ip('link set lo up');
  const other = await createOtherEnd();
  t.after(() => other.close());
  other.ip('link set lo up');
  const [nearHome, farHome] = [createTestHome(t), createTestHome(t)];
  if (config.near !== undefined) nearHome.writeConfig(config.near);
  if (config.far !== undefined) farHome.writeConfig(config.far);
  const init = await patchcord(nearHome, ['init']);
  if (init.code !== 0) throw new Error(init.stderr);
  const farId = joinHome(farHome, nearHome);
  plugCable('near0', 'far0', other);
  const near = await startDevice(nearHome, { deviceId: '', within: null, listen: ['near0,near1'] });
  const far = await startDevice(farHome, { deviceId: farId, within: other, listen: ['far0'] });
  const { identity } = await near.status();
  return {
    near: withId(near, identity.deviceId),
    far,
    other,
    plug: () => void ip('link set near0 up'),
    unplug: () => void ip('link set near0 down'),
  };
}

const withId = (device: Device, deviceId: string): Device => ({
  ...device,
  deviceId,
  get up() {
    return device.up;
  },
});

/** One more device of their user, at the other end of a second cable of `near`. */
export async function startThirdDevice(t: TestContext, { near }: TwoDevices): Promise<Device> {
  const other = await createOtherEnd();
  t.after(() => other.close());
  other.ip('link set lo up');
  const home = createTestHome(t);
  const deviceId = joinHome(home, near.home);
  plugCable('near1', 'third0', other);
  return startDevice(home, { deviceId, within: other, listen: ['third0'] });
}

/** The document, when it is there. */
export const document = (device: Device, database: string, id: string): Promise<Reply['body']> =>
  soon(async () => {
    const reply = await device.ask('GET', `/${database}/${id}`);
    return reply.status === 200 ? reply.body : null;
  });

/** As a local program would, that is the administrator. */
export async function createDatabase(device: Device, name: string, known?: Login): Promise<void> {
  const admin = known ?? (await askAgentIfUp(device.home.paths, 'couchdb-admin'));
  if (admin === null) throw new Error('it is not up');
  const { status } = await device.ask('PUT', `/${name}`, undefined, admin);
  if (status !== 201) throw new Error(`${name} could not be made: ${status}`);
  // In a CouchDB that was configured, `up` lets in users of its own.
  if (known !== undefined) return;
  const security = {
    admins: { names: [], roles: [] },
    members: { names: [], roles: ['patchcord:own-device'] },
  };
  await device.ask('PUT', `/${name}/_security`, security, admin);
}

/** Resolves with the id of the file, whose document is in that database then. */
export async function importFile(device: Device, bytes: Uint8Array, database = 'dmedia-0'): Promise<string> {
  const path = join(device.home.scratch, `file-${randomBytes(6).toString('hex')}`);
  writeFileSync(path, bytes);
  const options = device.within === null ? {} : { within: device.within };
  const { code, stdout, stderr } = await patchcord(
    device.home,
    ['files', 'import', path, '--database', database, '--json'],
    options,
  );
  if (code !== 0) throw new Error(stdout + stderr);
  return String(linesOf(stdout).find((line) => line['path'] === path)?.['id']);
}

/** The bytes of a file, when it is in the store. */
export const storedFile = ({ home }: Device, id: string): Promise<Buffer> =>
  soon(() => {
    const path = join(home.paths.store, '.dmedia/files', id.slice(0, 2), id.slice(2));
    return existsSync(path) ? readFileSync(path) : null;
  });

/** Both have everything of each other, as far as they know. */
export async function untilCurrent(...devices: readonly Device[]): Promise<void> {
  for (const device of devices) {
    await soon(async () => {
      const { pulls } = (await device.status()).sync;
      return pulls.length > 0 && pulls.every(({ state }) => state === 'current') ? true : null;
    });
  }
}

/** Every database that both may have, document by document with all revisions that are leaves. */
export async function snapshot(device: Device): Promise<unknown> {
  const { couchdb } = await device.status();
  const names = (couchdb.databases ?? []).filter((name) => name !== 'private');
  const databases: Record<string, unknown> = {};
  for (const name of names) {
    const { body } = await device.ask('GET', `/${name}/_changes?style=all_docs`);
    const results = body['results'] as { id: string; changes: { rev: string }[]; deleted?: boolean }[];
    databases[name] = results
      .map(({ id, changes, deleted = false }) => [id, changes.map(({ rev }) => rev).sort(), deleted] as const)
      .sort(([one], [other]) => (one < other ? -1 : 1));
  }
  return databases;
}

/** Documents `doc-<from>` to before `doc-<to>` in `dmedia-0`. */
export async function writeMany(device: Device, from: number, to: number): Promise<void> {
  for (let start = from; start < to; start += 1000) {
    const count = Math.min(1000, to - start);
    const docs = Array.from({ length: count }, (_, index) => ({
      _id: `doc-${start + index}`,
      text: 'x'.repeat(300),
    }));
    const { status } = await device.ask('POST', '/dmedia-0/_bulk_docs', { docs });
    if (status !== 201) throw new Error(`documents could not be written: ${status}`);
  }
}

/** The number of documents in `dmedia-0`, once there are so many. */
export const countAtLeast = (device: Device, count: number): Promise<number> =>
  soon(async () => {
    const { body } = await device.ask('GET', '/dmedia-0');
    const docs = Number(body['doc_count']);
    return docs >= count ? docs : null;
  });
