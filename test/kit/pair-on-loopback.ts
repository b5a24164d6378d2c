// Two devices of one user on this machine alone, each in front of a CouchDB of its own that a person configured; they
// reach each other at ports that were written down.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { X509Certificate } from 'node:crypto';
import type { TestContext } from 'node:test';
import { freePort } from './free-port.js';
import { createTestHome, joinHome, patchcord, type TestHome } from './agent.js';
import { atLoopback } from './streams.js';
import { startDevice, type Device } from './two-devices.js';
import { startSecondUpstream, startUpstream, type TestUpstream, type UpstreamKind } from './upstreams.js';

export interface LoopbackDevice extends Device {
  readonly upstream: TestUpstream;
}

export interface LoopbackPair {
  readonly near: LoopbackDevice;
  readonly far: LoopbackDevice;
  /** Names of this pair's own: what begins with it, own devices may write. */
  readonly prefix: string;
}

export interface LoopbackPairOptions {
  /** What stands before the database of the first. */
  readonly front?: (upstream: TestUpstream) => Promise<TestUpstream>;
}

export async function startPairOnLoopback(
  t: TestContext,
  [nearKind, farKind]: readonly [UpstreamKind, UpstreamKind],
  { front }: LoopbackPairOptions = {},
): Promise<LoopbackPair> {
  const first = await startUpstream(nearKind);
  const upstreams = [(await front?.(first)) ?? first, await startSecondUpstream(farKind)] as const;
  for (const upstream of upstreams) t.after(() => upstream.close());
  const [nearHome, farHome] = [createTestHome(t), createTestHome(t)];
  await expectOk(nearHome, ['init']);
  const farId = joinHome(farHome, nearHome);
  const nearId = deviceIn(nearHome);
  const [nearPort, farPort] = [await freePort(), await freePort()];
  const prefix = `pair${Date.now().toString(36)}`;
  type Plan = readonly [TestHome, TestUpstream, string, number, string, number];
  const far: Plan = [farHome, upstreams[1], farId, farPort, nearId, nearPort];
  const near: Plan = [nearHome, upstreams[0], nearId, nearPort, farId, farPort];
  const start = async ([home, upstream, id, port, peer, peerPort]: Plan): Promise<LoopbackDevice> => {
    home.writeConfig(configOf(upstream, prefix, { [peer]: [atLoopback(peerPort)] }));
    await expectOk(home, ['provision', '--yes']);
    t.after(() => removeDatabases(upstream, prefix));
    const listen = ['loopback', '--port', String(port)];
    return Object.assign(await startDevice(home, { deviceId: id, within: null, listen }), { upstream });
  };
  return { near: await start(near), far: await start(far), prefix };
}

/** Own devices may write what begins with the prefix, and have all files. */
export const ownDevicesPolicy = (prefix: string) => ({
  roles: {
    'own-device': {
      databases: [{ name: `${prefix}-*`, access: 'write' }],
      files: 'all',
      credentials: 'own',
    },
  },
  principals: [{ issuer: 'user', role: 'own-device' }],
});

const configOf = ({ url, admin }: TestUpstream, prefix: string, addresses: object) => ({
  couchdb: { url, admin },
  directory: `${prefix}-directory`,
  peerStreams: { addresses },
  policy: ownDevicesPolicy(prefix),
});

async function expectOk(home: TestHome, args: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await patchcord(home, args);
  if (code !== 0) throw new Error(`${args.join(' ')}: ${stdout}${stderr}`);
}

/** The common name of its leaf. */
function deviceIn({ paths }: TestHome): string {
  const { subject } = new X509Certificate(readFileSync(join(paths.identity, 'leaf.pem')));
  return subject.replace(/^CN=/, '');
}

async function removeDatabases(upstream: TestUpstream, prefix: string): Promise<void> {
  const { body } = await upstream.ask('GET', '/_all_dbs').catch(() => ({ body: [] }));
  for (const name of body as string[]) if (name.startsWith(prefix)) await upstream.ask('DELETE', `/${name}`);
}
