// Real CouchDBs listen on the loopback of the machine, and devices of tests are in network namespaces with a loopback of
// their own. Between them connections are carried by Unix sockets, both ways: from a device to its CouchDB, and from that
// CouchDB's replicator to the device's peer streams, each at the port that it has at the other end.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.js';
import type { ForwardOrder } from './forward.js';

const FORWARD = fileURLToPath(new URL('./forward.js', import.meta.url));
const VARIABLE = 'PATCHCORD_TEST_BRIDGE';

/** What the two ends agree on: of each CouchDB its port, and the port of the streams of the device that has it. */
export interface Bridge {
  readonly folder: string;
  readonly couches: readonly { readonly couchPort: number; readonly streamsPort: number }[];
}

/** Opens the outer end; `env` tells the inner one. */
export async function openBridge(couchPorts: readonly number[]) {
  const folder = mkdtempSync(join(tmpdir(), 'patchcord-bridge-'));
  const couches = await Promise.all(
    couchPorts.map(async (couchPort) => ({ couchPort, streamsPort: await freePort() })),
  );
  const bridge: Bridge = { folder, couches };
  const ends = await Promise.all(
    couches.flatMap(({ couchPort, streamsPort }) => [
      startForward({ from: couchSocket(bridge, couchPort), to: { port: couchPort } }),
      startForward({ from: { port: streamsPort }, to: streamsSocket(bridge, streamsPort) }),
    ]),
  );
  return {
    env: { [VARIABLE]: JSON.stringify(bridge) },
    close() {
      for (const end of ends) end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The bridge that the outer end opened. */
export const bridgeOfEnv = (): Bridge => JSON.parse(process.env[VARIABLE] ?? 'null') as Bridge;

const couchSocket = ({ folder }: Bridge, port: number) => ({ path: join(folder, `couch-${port}`) });
const streamsSocket = ({ folder }: Bridge, port: number) => ({ path: join(folder, `streams-${port}`) });

/** In the namespace of a process, null for this one's: the CouchDB is at its port there. */
export const reachCouchdb = (bridge: Bridge, couchPort: number, pid: number | null) =>
  startForward({ from: { port: couchPort }, to: couchSocket(bridge, couchPort) }, pid);

/** A CouchDB and the device that has it, as far as they reach each other. */
export interface Reach {
  /** Neither reaches the other from here on: what is open breaks, and what is new is refused. */
  cut(): void;
  mend(): Promise<void>;
}

/** The CouchDB is at its port where the device is, null for this end, and reaches the device's peer streams. */
export async function joinCouchdb(
  bridge: Bridge,
  { couchPort, streamsPort }: Bridge['couches'][number],
  pid: number | null,
): Promise<Reach> {
  const streams = { from: streamsSocket(bridge, streamsPort), to: { port: streamsPort } };
  const open = () => Promise.all([reachCouchdb(bridge, couchPort, pid), startForward(streams, pid)]);
  let ends = await open();
  return {
    cut: () => ends.forEach((end) => end()),
    async mend() {
      ends = await open();
    },
  };
}

async function startForward(order: ForwardOrder, pid: number | null = null): Promise<() => void> {
  const enter: string[] = pid === null ? [] : ['nsenter', `--net=/proc/${pid}/ns/net`];
  const command: string[] = [...enter, process.execPath, FORWARD];
  const [program = '', ...words] = command;
  const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.write(`${JSON.stringify(order)}\n`);
  await once(child.stdout, 'data');
  return () => void child.kill('SIGKILL');
}
