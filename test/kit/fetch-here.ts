// Fetching in this process: the real fetcher, and a peer in memory that has what is wanted.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PeerFailed, type PeerClient } from '../../dist/adapters/peer-streams/peer-client.js';
import { createFetcher, type FetchEvent } from '../../dist/agent/blobs/fetcher.js';
import { DEFAULT_FETCH_RULES } from '../../dist/core/fetch/rules.js';
import { createWanted } from '../../dist/core/fetch/wanted.js';
import type { BlobId, DeviceId } from '../../dist/core/ids.js';
import type { Policy, Role } from '../../dist/core/policy/policy.js';
import { LEAF_BYTES } from '../../dist/core/skein/hashing.js';
import { hashOf, pattern } from '../integration/files/temp-store.js';
import { eventually } from './until.js';

const PEER = 'P'.repeat(48) as DeviceId;
export const CONTENTS = new Map(
  [pattern(LEAF_BYTES + 1), pattern(5000, 1), pattern(1)].map((bytes) => [hashOf(bytes).id, bytes]),
);

const grant = { name: 'dmedia-0', access: 'write', query: false, design: false } as const;
const ROLE: Role = {
  name: 'own-device',
  exact: new Map([['dmedia-0', grant]]),
  prefixes: [],
  files: 'all',
  credential: 'own',
};
const POLICY: Policy = {
  roles: new Map([['own-device', ROLE]]),
  principals: [{ kind: 'issuer', issuer: 'user', device: null, role: 'own-device' }],
};

const contentOf = (id: BlobId): Buffer => {
  const bytes = CONTENTS.get(id);
  if (bytes === undefined) throw new PeerFailed(404, 'missing');
  return bytes;
};

/** A peer that has all of them; `onPart` is told before each part of one that it sends. */
const peerClient = (onPart: () => void): Pick<PeerClient, 'have' | 'leaves' | 'readPart'> => ({
  have: (_, ids) => Promise.resolve(ids.filter((id) => CONTENTS.has(id))),
  leaves: (_, id) => Promise.resolve({ size: contentOf(id).length, digests: hashOf(contentOf(id)).digests }),
  readPart({ id, start, into, onBytes }) {
    into.set(contentOf(id).subarray(start, start + into.length));
    onPart();
    onBytes(into.length);
    return Promise.resolve();
  },
});

/** Ends what is left of one that was killed: its timer, and its waiting, would keep this process. */
let endAbandoned = (): void => undefined;

/** Fetches what is wanted, until each was stored, or told to be not; resolves with the events. */
export async function fetchAll(
  parent: string,
  onPart: () => void = () => undefined,
): Promise<readonly FetchEvent[]> {
  endAbandoned();
  let isAbandoned = false;
  const wanted = createWanted();
  const events: FetchEvent[] = [];
  const fetcher = createFetcher({
    client: peerClient(onPart) as PeerClient,
    wanted,
    stores: [parent],
    rules: { ...DEFAULT_FETCH_RULES, keepFreeBytes: 0 },
    policy: () => POLICY,
    quotaUsedBytes: () => 0,
    onStored: () => undefined,
    onEvent: (event) => events.push(event),
    nowMs: () => performance.now(),
  });
  endAbandoned = () => {
    isAbandoned = true;
    void fetcher.close();
  };
  for (const id of CONTENTS.keys()) wanted.add(id, 'dmedia-0');
  fetcher.setPeers([{ deviceId: PEER, role: ROLE }]);
  await eventually(() =>
    isAbandoned || new Set(events.map(({ id }) => id)).size === CONTENTS.size ? true : null,
  );
  endAbandoned = () => undefined;
  await fetcher.close();
  return events;
}

/** Every blob under files/ of a store is what its name says; resolves with how many there are. */
export function checkBlobs(parent: string): number {
  const files = join(parent, '.dmedia/files');
  if (!existsSync(files)) return 0;
  const names = readdirSync(files, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.includes('/'),
  );
  for (const name of names) assert.equal(hashOf(readFileSync(join(files, name))).id, name.replace('/', ''));
  return names.length;
}
