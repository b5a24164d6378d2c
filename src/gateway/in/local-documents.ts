// Each principal's own `_local` documents: their names upstream, and how many there are.
import { createBounded } from '../../core/bounded.js';
import type { CouchDecision } from '../../core/couch/decide.js';
import { localTag, localTagKey, upstreamLocalId } from '../../core/couch/local-documents.js';
import { Refusal } from '../../core/errors.js';
import type { Service } from '../../core/env/env.js';
import type { DeviceId } from '../../core/ids.js';
import type { Principal } from '../../core/leaf/judge.js';

export interface LocalDocument {
  readonly tag: string;
  /** As the peer names it, without `_local/`. */
  readonly id: string;
  /** The segments of the upstream's path. */
  readonly segments: readonly string[];
}

export interface LocalDocuments {
  /** The document that a decision is about; null for any other. Refuses bad ids, and one too many to write. */
  of(principal: Principal, decision: CouchDecision): LocalDocument | null;
}

/** Devices whose written ids are counted; the count of one that was silent longest begins anew. */
const MAX_DEVICES_COUNTED = 4096;

export function createLocalDocuments(service: () => Service, maxIds: () => number): LocalDocuments {
  const written = createBounded<DeviceId, Set<string>>(MAX_DEVICES_COUNTED);
  const tags = createBounded<DeviceId, string>(MAX_DEVICES_COUNTED);
  let keyOf: { readonly keyPem: string; readonly key: Uint8Array } | null = null;

  function tagKey(): Uint8Array {
    const { keyPem, privateKey } = service().identity;
    if (keyOf?.keyPem !== keyPem) {
      keyOf = { keyPem, key: localTagKey(privateKey.export({ type: 'pkcs8', format: 'der' })) };
      tags.clear();
    }
    return keyOf.key;
  }

  function tagOf(device: DeviceId): string {
    const key = tagKey();
    const tag = tags.get(device) ?? localTag(key, device);
    tags.set(device, tag);
    return tag;
  }

  function count(device: DeviceId, name: string): void {
    const ids = written.get(device) ?? new Set();
    if (!ids.has(name) && ids.size >= maxIds()) throw new Refusal('local-count');
    written.set(device, ids.add(name));
  }

  return {
    of({ deviceId }, { operation, segments, method, database }) {
      if (operation.answer !== 'local-document') return null;
      const id = segments[2] ?? '';
      const tag = tagOf(deviceId);
      const upstreamId = upstreamLocalId(tag, id);
      if (method === 'PUT') count(deviceId, JSON.stringify([database, id]));
      return { tag, id, segments: [database ?? '', '_local', upstreamId] };
    },
  };
}
