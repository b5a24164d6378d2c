// `_local/{id}`: CouchDB trusts the source's copy of a checkpoint, so each principal has its own, under a name that
// nobody else can compute (a member could otherwise write it inside `_bulk_docs`).
import { createHmac, hkdfSync } from 'node:crypto';
import { encodeDbase32 } from '../dbase32.js';
import { Refusal } from '../errors.js';
import type { DeviceId } from '../ids.js';

const LOCAL_ID = /^[A-Za-z0-9._~+=-]{1,128}$/;
const TAG_CHARACTERS = 16;
const TAG_BYTES = 10;
const KEY_BYTES = 32;
const PREFIX = '_local/';

/** The key behind the tags: HKDF-SHA-256 of the leaf's private key (PKCS#8 DER), so it needs no file of its own. */
export const localTagKey = (leafKeyPkcs8: Uint8Array): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', leafKeyPkcs8, new Uint8Array(0), 'patchcord-local-tag', KEY_BYTES));

/** The tag of a device: 16 characters of D-Base32 of HMAC-SHA-256 over its id. */
export const localTag = (key: Uint8Array, device: DeviceId): string =>
  encodeDbase32(createHmac('sha256', key).update(device).digest().subarray(0, TAG_BYTES)).slice(
    0,
    TAG_CHARACTERS,
  );

/** The id upstream, without `_local/`; refuses ids outside `[A-Za-z0-9._~+=-]{1,128}`. */
export function upstreamLocalId(tag: string, id: string): string {
  if (!LOCAL_ID.test(id)) throw new Refusal('local-id');
  return `pc-${tag}-${id}`;
}

/** A body of the peer with its `_id` mapped for the upstream; refuses one that names another document. */
export function toUpstreamLocal(
  tag: string,
  id: string,
  document: Record<string, unknown>,
): Record<string, unknown> {
  if (!('_id' in document)) return document;
  if (document['_id'] !== PREFIX + id) throw new Refusal('body-id');
  return { ...document, _id: PREFIX + upstreamLocalId(tag, id) };
}

/** A reply of the upstream with `_id` (a document) and `id` (a write) mapped back; other replies stay as they are. */
export function fromUpstreamLocal(
  tag: string,
  id: string,
  reply: Record<string, unknown>,
): Record<string, unknown> {
  const upstreamId = PREFIX + upstreamLocalId(tag, id);
  const mapped = { ...reply };
  for (const name of ['_id', 'id']) if (mapped[name] === upstreamId) mapped[name] = PREFIX + id;
  return mapped;
}
