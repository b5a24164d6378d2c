// Two devices of one user, each a real `patchcord up`, at the two ends of virtual cables; and what one asks their
// databases directly, as the limited user that their gateways have.
import { fileURLToPath } from 'node:url';
import type { TestContext } from 'node:test';
import { askAgentIfUp } from '../../dist/agent/rpc/ask-agent.js';
import type { AgentStatus } from '../../dist/agent/status/status.js';
import {
  createTestHome,
  isEvent,
  joinHome,
  patchcord,
  startPatchcord,
  type Command,
  type TestHome,
} from './agent.js';
import { createOtherEnd, ip, plugCable, type OtherEnd } from './netns.js';
import { basicOf, type Login } from './upstreams.js';
import { eventually } from './until.js';

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
}

export interface DevicePlan {
  readonly deviceId: string;
  readonly within: OtherEnd | null;
  /** The links that it listens on. */
  readonly links: readonly string[];
}

export async function startDevice(home: TestHome, plan: DevicePlan): Promise<Device> {
  const { deviceId, within, links } = plan;
  const begin = async (): Promise<Command> => {
    const options = within === null ? {} : { within };
    const up = startPatchcord(home, ['up', '--json', '--listen', links.join(',')], options);
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
      return askAt(within, new URL(path, couch.url).href, method, as ?? own.basic, body);
    },
  };
}

async function askAt(
  within: OtherEnd | null,
  url: string,
  method: string,
  as: Login,
  body: unknown,
): Promise<Reply> {
  const headers = { authorization: basicOf(as), 'content-type': 'application/json' };
  const asked = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
  if (within === null) {
    const reply = await fetch(url, asked);
    return { status: reply.status, body: JSON.parse(await reply.text()) as Reply['body'] };
  }
  const printed = await within.run(FETCH, JSON.stringify({ url, ...asked }));
  const reply = JSON.parse(printed) as { status: number; body: string };
  return { status: reply.status, body: JSON.parse(reply.body) as Reply['body'] };
}

export interface TwoDevices {
  readonly near: Device;
  readonly far: Device;
  readonly other: OtherEnd;
  plug(): void;
  unplug(): void;
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
  const near = await startDevice(nearHome, { deviceId: '', within: null, links: ['near0'] });
  const far = await startDevice(farHome, { deviceId: farId, within: other, links: ['far0'] });
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

/** The document, when it is there. */
export const document = (device: Device, database: string, id: string): Promise<Reply['body']> =>
  eventually(async () => {
    const reply = await device.ask('GET', `/${database}/${id}`);
    return reply.status === 200 ? reply.body : null;
  });
