// The links that are spoken on, as they come and go. A link that is made anew under an old name is a new one.
import { watchAddresses, type AddressWatch } from '../../adapters/net/address-watch.js';
import type { LinkAddress } from '../../adapters/net/addresses.js';
import type { OwnOffer } from '../../core/discovery/pair-offers.js';
import type { OwnService } from '../../core/discovery/records.js';
import type { Discovery } from '../../core/env/discovery.js';
import type { SeenLink } from './seen-link.js';

export interface LinksOptions {
  readonly open: (zone: string) => SeenLink;
  readonly onGone: (zone: string) => void;
  /** The links, or their addresses, changed. */
  readonly onChange: () => void;
}

export interface Links {
  /** Follows what the env says from now on; where that has changed, every link is opened anew. */
  follow(discovery: Discovery): void;
  /** Announces on each link what `own` says for it. */
  announce(own: (zone: string, addresses: readonly string[]) => OwnService | null): void;
  /** The same for an offer to pair. */
  announceOffer(own: (zone: string, addresses: readonly string[]) => OwnOffer | null): void;
  list(): SeenLink[];
  /** Of any link: two of this device's may be on one wire. */
  isOwnAddress(address: string): boolean;
  close(): Promise<void>;
}

interface Followed {
  readonly link: SeenLink;
  addresses: readonly string[];
}

export function createLinks({ open, onGone, onChange }: LinksOptions): Links {
  const links = new Map<string, Followed>();
  let watch: AddressWatch | null = null;
  let followed = '';

  function onAddresses(addresses: readonly LinkAddress[]): void {
    const wanted = new Map<string, { readonly zone: string; readonly addresses: string[] }>();
    for (const { address, zone, ifindex } of addresses) {
      if (zone === null) continue;
      const key = `${zone} ${ifindex}`;
      const before = wanted.get(key)?.addresses ?? [];
      wanted.set(key, { zone, addresses: [...before, address] });
    }
    for (const key of links.keys()) if (!wanted.has(key)) void drop(key);
    for (const [key, { zone, addresses: own }] of wanted) {
      const link = links.get(key)?.link ?? open(zone);
      links.set(key, { link, addresses: own });
    }
    onChange();
  }

  async function drop(key: string): Promise<void> {
    const entry = links.get(key);
    if (entry === undefined) return;
    links.delete(key);
    onGone(entry.link.zone);
    await entry.link.close();
  }

  return {
    follow({ on, announce, browse }) {
      const next = JSON.stringify([on, announce, browse]);
      if (next === followed) return;
      followed = next;
      watch?.close();
      watch = null;
      for (const key of links.keys()) void drop(key);
      if (announce || browse) watch = watchAddresses(on, onAddresses);
    },
    announce(own) {
      for (const { link, addresses } of links.values()) link.setOwn(own(link.zone, addresses));
    },
    announceOffer(own) {
      for (const { link, addresses } of links.values()) link.setOffer(own(link.zone, addresses));
    },
    list: () => [...links.values()].map(({ link }) => link),
    isOwnAddress: (address) => [...links.values()].some(({ addresses }) => addresses.includes(address)),
    async close() {
      watch?.close();
      await Promise.all([...links.keys()].map(drop));
    },
  };
}
