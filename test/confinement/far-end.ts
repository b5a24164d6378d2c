// The other end of two cables, in a network namespace of its own, and the one database that serves both ends: starting
// one takes longer than anything else here.
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createFarExecutable } from '../kit/netns-gateway.js';
import { createOtherEnd, plugCable, type OtherEnd } from '../kit/netns.js';
import { startEmbedded, type Login, type TestUpstream } from '../kit/upstreams.js';
import { FILM, LIBRARY_DOCUMENTS } from './documents.js';
import type { FarPlan, FarResult } from './far-client.js';

export interface FarEnd {
  readonly other: OtherEnd;
  readonly upstream: TestUpstream;
  /** The upstream, as the other end reaches it. */
  readonly farUrl: string;
  readonly login: Login;
  /** With a small library in it. */
  readonly database: string;
  /** For `startGateway(env, { executable })`. */
  readonly farExecutable: string;
  /** A peer there asks a gateway here. */
  ask(plan: FarPlan): Promise<FarResult>;
  close(): Promise<void>;
}

const SOCKET = '/run/database.sock';
const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

export async function openFarEnd(): Promise<FarEnd> {
  const other = await createOtherEnd();
  other.ip('link set lo up');
  for (const number of ['0', '1']) plugCable(`near${number}`, `far${number}`, other);
  const upstream = await startEmbedded();
  const relay = await openRelay(other, upstream.port);
  const login = await upstream.createUser('own');
  const database = await upstream.createDatabase('dmedia-0', { members: [login] });
  await upstream.ask('POST', `/${database}/_bulk_docs`, { docs: [...LIBRARY_DOCUMENTS, FILM.document] });
  const executable = createFarExecutable(other);
  return {
    ...{ other, upstream, login, database, farUrl: relay.url, farExecutable: executable.path },
    ask: async (plan) =>
      JSON.parse(await other.run(script('./far-client.js'), JSON.stringify(plan))) as FarResult,
    async close() {
      executable.remove();
      relay.close();
      await upstream.close();
      other.close();
    },
  };
}

async function openRelay({ pid }: OtherEnd, port: number): Promise<{ url: string; close(): void }> {
  rmSync(SOCKET, { force: true });
  const door = createServer((socket) => {
    const there = connect(port, '127.0.0.1');
    socket.pipe(there).pipe(socket);
    socket.on('error', () => there.destroy());
    there.on('error', () => socket.destroy());
  });
  await new Promise<void>((resolve) => door.listen(SOCKET, resolve));
  const enter = [`--net=/proc/${pid}/ns/net`, process.execPath, script('./far-relay.js'), SOCKET];
  const child = spawn('nsenter', enter, { stdio: ['pipe', 'pipe', 'inherit'] });
  const close = (): void => {
    child.stdin.end();
    door.close();
  };
  for await (const line of createInterface({ input: child.stdout }))
    return { url: `http://127.0.0.1:${line}/`, close };
  throw new Error('the relay did not start');
}
