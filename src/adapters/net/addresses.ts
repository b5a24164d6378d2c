// The IPv6 addresses of this machine's links that can be listened on now, as the kernel tells them.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import type { Listen } from '../../core/env/env.js';

export interface LinkAddress {
  readonly address: string;
  /** The name of the link; null for loopback. */
  readonly zone: string | null;
  /** Tells a link from one of the same name that was made after it. */
  readonly ifindex: number;
  /** Duplicate address detection is still under way: it cannot be bound yet. */
  readonly isTentative: boolean;
}

const IF_INET6 = '/proc/net/if_inet6';
const LOOPBACK_LINK = 'lo';
const SYS_NET = '/sys/class/net';
/** include/uapi/linux/if_addr.h */
const IFA_F_TENTATIVE = 0x40;
const LINK_LOCAL = /^fe[89ab]/;
const IFINDEX_IN_HEX = 16;

const LOOPBACK: LinkAddress = { address: '::1', zone: null, ifindex: 1, isTentative: false };

/** The link-local addresses that `on` asks for, tentative ones included. */
export function readAddresses(on: Listen['on']): LinkAddress[] {
  if (on === 'loopback') return [LOOPBACK];
  const wanted = on === 'link-local' ? realLinks() : new Set(on);
  return readLinkLocal().filter(({ zone }) => zone !== null && wanted.has(zone));
}

/** Names of all links that there are, up or not, but loopback's. */
export const readLinks = (): string[] =>
  readdirSync(SYS_NET, { withFileTypes: true })
    // Beside them, a driver may have a file of its own there.
    .filter((entry) => entry.isSymbolicLink() && entry.name !== LOOPBACK_LINK)
    .map(({ name }) => name);

/** Whether there is a link of this name, up or not. */
export const isLink = (name: string): boolean => existsSync(`${SYS_NET}/${name}`);

/** Links that "link-local" passes over, and that could be listened on by their names. */
export function readVirtualLinks(): string[] {
  const real = realLinks();
  const zones = readLinkLocal().map(({ zone }) => zone ?? '');
  return [...new Set(zones)].filter((zone) => zone !== LOOPBACK_LINK && !real.has(zone));
}

/** Links with a device behind them: Ethernet, USB, Wi-Fi; not bridges, tunnels and containers. */
function realLinks(): Set<string> {
  return new Set(readdirSync(SYS_NET).filter((name) => existsSync(`${SYS_NET}/${name}/device`)));
}

/** proc(5): address, ifindex, prefix length, scope, flags (all in hex) and the name. */
function readLinkLocal(): LinkAddress[] {
  // Without IPv6 in the kernel there is no such file, and nothing to listen on.
  if (!existsSync(IF_INET6)) return [];
  return readFileSync(IF_INET6, 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([hex]) => hex !== undefined && LINK_LOCAL.test(hex))
    .map(([hex = '', ifindex = '', , , flags = '', zone = '']) => ({
      address: formatAddress(hex),
      zone,
      ifindex: parseInt(ifindex, IFINDEX_IN_HEX),
      isTentative: (parseInt(flags, IFINDEX_IN_HEX) & IFA_F_TENTATIVE) !== 0,
    }));
}

/** The text of an address in the kernel's 32 hex digits, as RFC 5952 writes it. */
export function formatAddress(hex: string): string {
  const groups = hex.match(/.{4}/g) ?? [];
  return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1);
}
