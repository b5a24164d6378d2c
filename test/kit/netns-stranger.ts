// A stranger on the link who announces himself under somebody else's name, and then behaves as he was told to. Reads
// {"zone", "instance", "kind", "cert", "key"} as a line of JSON from stdin, and goes on until it ends.
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { createServer as createTlsServer } from 'node:tls';
import multicastDns, { type ResponseOutgoingPacket } from 'multicast-dns';
import { recordsOf } from '../../dist/core/discovery/records.js';
import type { InstanceName } from '../../dist/core/discovery/instance-name.js';

export type StrangerKind = 'other-leaf' | 'silent' | 'resets' | 'resets-in-the-middle' | 'endless-headers';

export interface StrangerOrder {
  readonly zone: string;
  readonly instance: string;
  readonly kind: StrangerKind;
  readonly cert: string;
  readonly key: string;
}

const ANNOUNCE_MS = 500;
/** The head of a TLS record that announces 16 KiB (RFC 8446, section 5.1). */
const HALF_A_RECORD = Buffer.from([0x16, 0x03, 0x03, 0x3f, 0xff, 0x02]);
const FILLER = Buffer.from(`X-Filler: ${'x'.repeat(1000)}\r\n`.repeat(64));
const GIGABYTE = 1e9;

function sendHeaders(socket: Socket): void {
  let sent = 0;
  const more = (): void => {
    if (socket.destroyed || sent > GIGABYTE) return;
    sent += FILLER.length;
    socket.write(FILLER, () => setImmediate(more));
  };
  socket.write('HTTP/1.1 200 OK\r\n');
  more();
}

const BEHAVIOURS: Record<Exclude<StrangerKind, 'other-leaf'>, (socket: Socket) => void> = {
  silent: () => undefined,
  resets: (socket) => void socket.resetAndDestroy(),
  'resets-in-the-middle': (socket) =>
    socket.once('data', () => socket.write(HALF_A_RECORD, () => socket.resetAndDestroy())),
  'endless-headers': sendHeaders,
};

function serve({ kind, cert, key }: StrangerOrder): Server {
  if (kind === 'other-leaf') {
    const server = createTlsServer({ cert, key, requestCert: true, rejectUnauthorized: false });
    return server.on('tlsClientError', () => undefined);
  }
  return createServer((socket) => {
    socket.on('error', () => undefined);
    BEHAVIOURS[kind](socket);
  });
}

for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line) as StrangerOrder;
  const { zone, instance } = order;
  const server = serve(order).listen(0, '::');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const link = multicastDns({
    type: 'udp6',
    ip: 'ff02::fb',
    interface: `::%${zone}`,
    bind: `ff02::fb%${zone}`,
  });
  // As the library wants it: its own, and mutable.
  const answers = structuredClone(
    recordsOf({ instance: instance as InstanceName, port, addresses: [] }),
  ) as ResponseOutgoingPacket['answers'];
  // Again and again: the address may be tentative at first.
  const announce = (): void => link.respond({ answers }, () => undefined);
  announce();
  setInterval(announce, ANNOUNCE_MS);
}
process.exit(0);
