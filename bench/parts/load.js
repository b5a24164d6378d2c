// The load client from the side of whoever measures: orders by IPC, each answered once.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { cpuSecondsOf } from './process.js';

const CLIENT = fileURLToPath(new URL('../client.js', import.meta.url));
const UPSTREAM = fileURLToPath(new URL('../upstream.js', import.meta.url));
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export async function startUpstream() {
  const child = fork(UPSTREAM);
  const [port] = await once(child, 'message');
  return { port, stop: () => void child.disconnect() };
}

export async function startClient(files, blockFile) {
  const child = fork(CLIENT);
  let waiting = null;
  let failure = null;
  const fail = (why) => {
    failure ??= new Error(`the load client: ${why}`);
    waiting?.reject(failure);
  };
  child.on('message', ({ why, result }) => (why === undefined ? waiting?.resolve(result) : fail(why)));
  child.once('exit', () => fail('ended'));
  const order = (name, more = {}) =>
    new Promise((resolve, reject) => {
      if (failure !== null) throw failure;
      waiting = { resolve, reject };
      child.send({ order: name, ...more });
    });
  await order('set', { files, blockFile });
  return { pid: child.pid, order, stop: () => void (child.connected && child.disconnect()) };
}

/** One run: what the client did in `seconds`, and the server's CPU time meanwhile. */
export async function run(client, server, order, seconds, settleMs = 300) {
  await client.order('begin', { port: server.port, ...order });
  await pause(settleMs);
  await client.order('count');
  const [cpu, begun] = [cpuSecondsOf(server.pid), performance.now()];
  await pause(seconds * 1000);
  const cpuSeconds = cpuSecondsOf(server.pid) - cpu;
  const wallSeconds = (performance.now() - begun) / 1000;
  return { ...(await client.order('stop')), cpuSeconds, wallSeconds };
}
