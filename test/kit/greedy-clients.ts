// Clients that take as much, and as slowly, as they are let: a process of its own, so that whoever is measured beside them
// waits for the gateway and not for them. Told on stdin what to dial, and as whom; goes on until it is killed, and says
// "ready" when all have begun.
import { connect as connectTcp, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { GREEDY_COUNTS, type GreedyKind } from './greedy-counts.js';
import { connect as connectTls, createSecureContext, type TLSSocket } from 'node:tls';

export interface GreedyPlan {
  readonly port: number;
  /** Of a device that is let in. */
  readonly greedy: { readonly cert: string; readonly key: string };
  readonly stranger: { readonly cert: string; readonly key: string };
  /** A large one. */
  readonly blob: string;
  readonly kinds: readonly GreedyKind[];
}

const DRIP_MS = 200;
const REST_MS = 200;
/** For all of them to have begun. */
const RAMP_MS = 2000;
const LONG_MS = 1_000_000;

const plan = JSON.parse(await text(process.stdin)) as GreedyPlan;
const contextOf = (leaf: { cert: string; key: string }) => createSecureContext(leaf);
const [greedy, stranger] = [contextOf(plan.greedy), contextOf(plan.stranger)];
const tls = (secureContext = greedy): TLSSocket =>
  connectTls({ host: '::1', port: plan.port, secureContext, rejectUnauthorized: false });

/** One byte after the other. */
function drip(socket: Socket, first: string): void {
  socket.write(first);
  const timer = setInterval(() => socket.write('x'), DRIP_MS);
  socket.once('close', () => clearInterval(timer));
}

const CLIENTS: Record<GreedyKind, () => Socket> = {
  halfOpen: () => connectTcp({ host: '::1', port: plan.port }),
  stranger: () => tls(stranger),
  idle: () => tls(),
  slowHeader() {
    const socket = tls();
    drip(socket, 'GET / HTTP/1.1\r\nHost: x\r\nslow: ');
    return socket;
  },
  slowBody() {
    const socket = tls();
    const head = 'POST /couch/dmedia-0/_bulk_docs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
    drip(socket, `${head}Content-Length: 1000000\r\n\r\n{"docs":[`);
    return socket;
  },
  slowReader() {
    const socket = tls();
    socket.write(`GET /files/${plan.blob} HTTP/1.1\r\nHost: x\r\n\r\n`);
    socket.once('data', () => socket.pause());
    return socket;
  },
  feed() {
    const socket = tls();
    socket.write('GET /couch/dmedia-0/_changes?feed=continuous&heartbeat=1000 HTTP/1.1\r\nHost: x\r\n\r\n');
    socket.resume();
    return socket;
  },
};

/** Who is thrown out comes again. */
function keepUp(begin: () => Socket): void {
  const socket = begin();
  socket.on('error', () => undefined);
  socket.once('close', () => setTimeout(() => keepUp(begin), REST_MS));
}

for (const kind of plan.kinds)
  for (let index = 0; index < GREEDY_COUNTS[kind]; index++) keepUp(CLIENTS[kind]);
setTimeout(() => process.stdout.write('ready\n'), RAMP_MS);
// Sockets that nobody reads from do not keep a process.
setInterval(() => undefined, LONG_MS);
