// The load: a process of its own, with no HTTP library: TLS sockets, and as much of HTTP/1.1 as counts bytes. What it
// receives is compared with what was put there. Takes its orders by IPC: see parts/load.js.
import { readFileSync } from 'node:fs';
import { connect, createSecureContext } from 'node:tls';

let secureContext;
let block;

function open(port) {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '::1', port, secureContext, rejectUnauthorized: false }, () =>
      resolve(socket),
    );
    socket.setNoDelay(true);
    socket.once('error', reject);
  });
}

const headOf = (path) => Buffer.from(`GET ${path} HTTP/1.1\r\nHost: bench\r\n\r\n`);

function fail(why) {
  process.send({ why }, () => process.exit(1));
}

/** Whether `bytes` are those of the repeated block from `position` on. */
function isAsPut(bytes, position) {
  for (let at = 0; at < bytes.length;) {
    const from = (position + at) % block.length;
    const length = Math.min(bytes.length - at, block.length - from);
    if (block.compare(bytes, at, at + length, from, from + length) !== 0) return false;
    at += length;
  }
  return true;
}

/** Asks for one of `paths` after the other on `socket`, until `onReply` says that it was enough. */
function askInTurn(socket, paths, isBlob, state, onReply) {
  const requests = paths.map(headOf);
  let next = Math.floor(Math.random() * requests.length);
  let left = -1;
  let position = 0;
  const asked = { at: 0 };
  let head = null;
  const begin = () => {
    left = -1;
    position = 0;
    asked.at = performance.now();
    state.underWay.add(asked);
    next = (next + 1) % requests.length;
    socket.write(requests[next]);
  };
  /** The body's part of `bytes`; null while the head is not whole. */
  const bodyOf = (bytes) => {
    const all = head === null ? bytes : Buffer.concat([head, bytes]);
    const end = all.indexOf('\r\n\r\n');
    head = end < 0 ? all : null;
    if (end < 0) return null;
    const text = all.toString('latin1', 0, end);
    const length = /\r\ncontent-length: *(\d+)/i.exec(text);
    if (!text.startsWith('HTTP/1.1 200') || length === null) fail(text.slice(0, 200));
    left = Number(length[1]);
    return all.subarray(end + 4);
  };
  socket.on('data', (bytes) => {
    const body = left < 0 ? bodyOf(bytes) : bytes;
    if (body === null) return;
    const isRight = isBlob ? isAsPut(body, position) : position > 0 || body.length === 0 || body[0] === 0x7b;
    if (!isRight) fail('other bytes than were put there');
    position += body.length;
    left -= body.length;
    if (state.isCounting) state.bytes += body.length;
    if (left < 0) fail('more than the length says');
    if (left > 0) return;
    state.underWay.delete(asked);
    if (state.isCounting) {
      state.requests += 1;
      state.times.push(performance.now() - asked.at);
    }
    if (onReply()) begin();
  });
  socket.on('close', () => fail('the server closed the connection'));
  begin();
}

/** `underWay`: requests that have no reply yet. */
const newState = () => ({ isCounting: false, requests: 0, bytes: 0, times: [], underWay: new Set() });
const end = (socket) => socket.removeAllListeners('close').destroy();

async function load({ port, path, paths = [path], isBlob, connections }) {
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(port)));
  const state = newState();
  for (const socket of sockets) askInTurn(socket, paths, isBlob, state, () => true);
  return { state, close: () => sockets.forEach(end) };
}

/** A new connection for each request, `connections` at a time, with no session to resume. */
function handshakes({ port, path, connections }) {
  const state = newState();
  let isEnding = false;
  const lane = async () => {
    while (!isEnding) {
      const socket = await open(port);
      await new Promise((resolve) => askInTurn(socket, [path], false, state, () => void resolve()));
      end(socket);
    }
  };
  const lanes = Array.from({ length: connections }, lane);
  // To the last reply: the server may be stopped after that.
  const close = () => {
    isEnding = true;
    return Promise.all(lanes);
  };
  return { state, close };
}

/** Connections that do nothing, or hold a feed open. */
async function hold({ port, path, connections }) {
  const sockets = [];
  for (let made = 0; made < connections; made++) {
    const socket = await open(port);
    if (path !== null) {
      const answered = new Promise((resolve) => socket.once('data', resolve));
      socket.write(headOf(path));
      await answered;
    }
    sockets.push(socket);
  }
  return { state: newState(), close: () => sockets.forEach(end) };
}

const KINDS = { load, handshakes, hold };
let job;
const orders = {
  set({ files, blockFile }) {
    secureContext = createSecureContext({
      cert: readFileSync(files.clientCert),
      key: readFileSync(files.clientKey),
    });
    block = readFileSync(blockFile);
  },
  async begin(order) {
    job = await KINDS[order.work](order);
  },
  count: () => void (job.state.isCounting = true),
  async stop() {
    const { requests, bytes, times: replied, underWay } = job.state;
    const now = performance.now();
    // Those that were not answered took at least so long: a server that answers nobody is not a fast one.
    const times = [...replied, ...[...underWay].map(({ at }) => now - at)];
    await job.close();
    times.sort((a, b) => a - b);
    const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
    return { requests, bytes, p50Ms: at(0.5), p99Ms: at(0.99) };
  },
};
process.on('message', async ({ order, ...rest }) => process.send({ result: await orders[order](rest) }));
process.on('disconnect', () => process.exit());
