// The links that have a link-local address now. Looked at before every connect: newer lines of Node take a zone that
// is not there for the first link that is.
import { networkInterfaces } from 'node:os';

/** Link names to their scope ids, which tell a link from one of the same name that was made after it. */
export type Zones = ReadonlyMap<string, number>;

const LINK_LOCAL = /^fe[89ab]/;

export function readZones(): Zones {
  const zones = new Map<string, number>();
  for (const [zone, addresses] of Object.entries(networkInterfaces())) {
    for (const info of addresses ?? []) {
      if (info.family === 'IPv6' && LINK_LOCAL.test(info.address)) zones.set(zone, info.scopeid);
    }
  }
  return zones;
}
