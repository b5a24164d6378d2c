// Which entry of a policy a leaf goes by, found without a walk: a policy may name every device of a large house.
import type { DeviceId } from '../ids.js';
import { indexed } from './indexed.js';
import type { PrincipalEntry } from './policy.js';

/** What a leaf has shown: the CA that signed it, the name that it is whitelisted under, its device. */
export interface KnownLeaf {
  readonly issuer: string | null;
  readonly cert: string | null;
  readonly device: DeviceId;
}

type Key = string;
const certKey = (cert: string): Key => JSON.stringify(['cert', cert]);
const issuerKey = (issuer: string, device: DeviceId | null): Key =>
  JSON.stringify(['issuer', issuer, device]);

/** What an entry matches, as a key. */
const keyOf = (entry: PrincipalEntry): Key =>
  entry.kind === 'cert' ? certKey(entry.cert) : issuerKey(entry.issuer, entry.device);

/** The keys of all entries that match. */
const keysFor = ({ issuer, cert, device }: KnownLeaf): Key[] => [
  ...(cert === null ? [] : [certKey(cert)]),
  ...(issuer === null ? [] : [issuerKey(issuer, null), issuerKey(issuer, device)]),
];

/** Keys with the place of the first entry that has it. */
const placesOf = indexed((entries: readonly PrincipalEntry[]) => {
  const places = new Map<Key, number>();
  for (const [place, entry] of entries.entries()) {
    const key = keyOf(entry);
    if (!places.has(key)) places.set(key, place);
  }
  return places;
});

/** The first of `entries` that matches; undefined lets no one in. */
export function entryFor(entries: readonly PrincipalEntry[], leaf: KnownLeaf): PrincipalEntry | undefined {
  const places = placesOf(entries);
  const found = keysFor(leaf).flatMap((key) => places.get(key) ?? []);
  return found.length === 0 ? undefined : entries[Math.min(...found)];
}

/** Whether each in turn is never reached: one before it matches all that it matches. */
export function createCoverCheck(): (entry: PrincipalEntry) => boolean {
  const seen = new Set<Key>();
  return (entry) => {
    const isCovered =
      seen.has(keyOf(entry)) || (entry.kind === 'issuer' && seen.has(issuerKey(entry.issuer, null)));
    seen.add(keyOf(entry));
    return isCovered;
  };
}
