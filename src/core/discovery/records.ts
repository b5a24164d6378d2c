// What is said on a link, as DNS records: the service, its names, and what this device announces of itself.
// docs/protocol-discovery.md is the prose.
import { parseInstanceName, type InstanceName } from './instance-name.js';

/** A record as the DNS library reads and writes it. What came from outside is not to be trusted in any field. */
export interface RawRecord {
  readonly name: string;
  readonly type: string;
  readonly ttl?: number | undefined;
  readonly data?: unknown;
}

export interface RawQuestion {
  readonly name: string;
  readonly type: string;
}

export interface RawPacket {
  readonly type?: string | undefined;
  readonly questions?: readonly RawQuestion[] | undefined;
  readonly answers?: readonly RawRecord[] | undefined;
  readonly additionals?: readonly RawRecord[] | undefined;
}

/** What this device writes. `flush` (RFC 6762 section 10.2): the record replaces those that were known. */
export type OwnRecord = { readonly name: string; readonly ttl: number; readonly flush?: true } & (
  | { readonly type: 'PTR' | 'AAAA'; readonly data: string }
  | { readonly type: 'SRV'; readonly data: { readonly port: number; readonly target: string } }
  | { readonly type: 'TXT'; readonly data: string | readonly string[] }
);

/** What is announced on one link. */
export interface OwnService {
  readonly instance: InstanceName;
  readonly port: number;
  /** This device's addresses on that link, and no others. */
  readonly addresses: readonly string[];
}

export const SERVICE = '_patchcord._tcp.local';
/** RFC 6763 section 9: what browsers of everything ask for. */
export const SERVICES = '_services._dns-sd._udp.local';
export const TTL_SECONDS = 120;
/** The one version there is; who announces another is not dialled. */
export const VERSION_TXT = 'v=1';

const LOCAL = '.local';

export const serviceNameOf = (instance: InstanceName): string => `${instance}.${SERVICE}`;
/** The host is named like the instance: a host name of the machine's own would tell the same device every day. */
export const hostNameOf = (instance: InstanceName): string => `${instance}${LOCAL}`;

/** Whether two names are one: DNS compares without case. */
export const isSameName = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();

/** The instance in a name such as `3M5…._patchcord._tcp.local`; null for anything else. */
export function instanceIn(name: string): InstanceName | null {
  const dot = name.indexOf('.');
  return dot > 0 && isSameName(name.slice(dot + 1), SERVICE) ? parseInstanceName(name.slice(0, dot)) : null;
}

/** The announcement; with a `ttl` of 0 it is the goodbye (RFC 6762 section 10.1). */
export function recordsOf({ instance, port, addresses }: OwnService, ttl = TTL_SECONDS): OwnRecord[] {
  const name = serviceNameOf(instance);
  const target = hostNameOf(instance);
  return [
    { name: SERVICE, type: 'PTR', ttl, data: name },
    { name, type: 'SRV', ttl, flush: true, data: { port, target } },
    { name, type: 'TXT', ttl, flush: true, data: VERSION_TXT },
    ...addresses.map((data): OwnRecord => ({ name: target, type: 'AAAA', ttl, flush: true, data })),
  ];
}

/** Tells browsers of everything that there is such a service. */
export const servicesPointer = (): OwnRecord => ({
  name: SERVICES,
  type: 'PTR',
  ttl: TTL_SECONDS,
  data: SERVICE,
});
