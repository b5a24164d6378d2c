// A stranger on the link: sends the mDNS packets that it reads as JSON lines from stdin, each
// {"zone", "packet", "times"?}; "#" in a name stands for a name of its own for each turn. A "raw" in place of the packet
// is bytes in hex, sent as they are. Prints "sent" after each line.
import { createSocket } from 'node:dgram';
import { createInterface } from 'node:readline';
import multicastDns, { type MulticastDNS, type ResponseOutgoingPacket } from 'multicast-dns';
import { encodeDbase32 } from '../../dist/core/dbase32.js';

interface Order {
  readonly zone: string;
  readonly packet?: unknown;
  readonly raw?: string;
  readonly times?: number;
}

const PASSING_MS = 100;
const PAUSE_EVERY = 50;
const links = new Map<string, MulticastDNS>();

function linkOf(zone: string): MulticastDNS {
  const known = links.get(zone);
  if (known !== undefined) return known;
  const link = multicastDns({
    type: 'udp6',
    ip: 'ff02::fb',
    interface: `::%${zone}`,
    bind: `ff02::fb%${zone}`,
  });
  links.set(zone, link);
  return link;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Sends once the address is not tentative any more. */
async function send(zone: string, packet: ResponseOutgoingPacket): Promise<void> {
  for (;;) {
    const error = await new Promise<Error | null>((resolve) =>
      linkOf(zone).respond(packet, (failed) => resolve(failed ?? null)),
    );
    if (error === null) return;
    await pause(PASSING_MS);
  }
}

function sendRaw(zone: string, bytes: Buffer): Promise<void> {
  const socket = createSocket('udp6');
  return new Promise((resolve, reject) => {
    socket.send(bytes, 5353, `ff02::fb%${zone}`, (error) => {
      socket.close();
      if (error === null) resolve();
      else reject(error);
    });
  });
}

/** A name of 16 characters for each turn. */
function nameOf(turn: number): string {
  const bytes = Buffer.alloc(10);
  bytes.writeUInt32BE(turn + 1, 6);
  return encodeDbase32(bytes);
}

for await (const line of createInterface({ input: process.stdin })) {
  const { zone, packet, raw, times = 1 } = JSON.parse(line) as Order;
  if (raw !== undefined) await sendRaw(zone, Buffer.from(raw, 'hex'));
  for (let turn = 0; raw === undefined && turn < times; turn++) {
    const text = JSON.stringify(packet).replaceAll('#', nameOf(turn));
    await send(zone, JSON.parse(text) as ResponseOutgoingPacket);
    // So that the flood arrives, and is not lost in the sender's own queue.
    if (turn % PAUSE_EVERY === 0) await pause(1);
  }
  process.stdout.write('sent\n');
}
process.exit(0);
