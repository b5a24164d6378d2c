// Multicast DNS on one link: sends packets, and hands on what comes. It knows nothing of what they say.
// multicast-dns 7.2.5 speaks IPv4 unless it is told everything, and fails silently in more than one way: here it gets
// one instance for each link, bound to the group on that link, which keeps out unicast and every other link.
import type { MulticastDNS, QueryOutgoingPacket, ResponseOutgoingPacket } from 'multicast-dns';
import type { RawPacket } from '../../core/discovery/records.js';

export interface MdnsLinkOptions {
  readonly zone: string;
  /** `source` is the sender's link-local address, without the zone. */
  readonly onPacket: (packet: RawPacket, source: string) => void;
  /** A packet that is no DNS. */
  readonly onMalformed: () => void;
}

export interface MdnsLink {
  /** Null once it was handed to the link, else the error's code; it is not tried again here. */
  send(packet: OutgoingPacket): Promise<string | null>;
  close(): Promise<void>;
}

export type OutgoingPacket = Required<Pick<RawPacket, 'answers'>> & {
  readonly type: 'query' | 'response';
  readonly questions?: RawPacket['questions'];
};

/** RFC 6762 section 3. */
const GROUP = 'ff02::fb';
/** RFC 6762 section 6.7: whoever asks from another port is no multicast DNS responder, and is not answered here. */
const MDNS_PORT = 5353;
const LINK_LOCAL = /^fe[89ab]/i;

/** Opens the link; rejects with an error that has a `code` while it can not be bound, as when it went again. */
export async function openMdnsLink({ zone, onPacket, onMalformed }: MdnsLinkOptions): Promise<MdnsLink> {
  // Read late: a gateway that neither announces nor browses does without it.
  const { default: multicastDns } = await import('multicast-dns');
  const mdns = multicastDns({
    type: 'udp6',
    ip: GROUP,
    interface: `::%${zone}`,
    bind: `${GROUP}%${zone}`,
  });
  await bound(mdns);
  mdns.on('packet', (packet: RawPacket, { address, port }: { address: string; port: number }) => {
    const [source = '', from] = address.split('%');
    if (port === MDNS_PORT && from === zone && LINK_LOCAL.test(source)) onPacket(packet, source);
  });
  mdns.on('warning', onMalformed);
  return { send: (packet) => send(mdns, packet), close: () => close(mdns) };
}

async function bound(mdns: MulticastDNS): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      mdns.once('ready', resolve);
      // The group can not be joined: it would send, and hear nothing.
      mdns.once('warning', reject);
      mdns.on('error', reject);
    });
  } catch (error) {
    await close(mdns);
    throw error;
  }
}

/** A name that has no place in DNS makes the library throw; only own names get here. */
const send = (mdns: MulticastDNS, packet: OutgoingPacket): Promise<string | null> =>
  new Promise((resolve) => {
    const done = (error: NodeJS.ErrnoException | null): void =>
      resolve(error ? (error.code ?? 'unknown') : null);
    if (packet.type === 'query') mdns.query(packet as QueryOutgoingPacket, done);
    else mdns.respond(packet as ResponseOutgoingPacket, done);
  });

const close = (mdns: MulticastDNS): Promise<void> =>
  new Promise((resolve) => {
    mdns.destroy(() => resolve());
  });
