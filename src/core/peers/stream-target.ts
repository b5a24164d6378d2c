// `/peers/{deviceId}/…` taken apart: whom a local program means, and what it asks of them.
import { Refusal } from '../errors.js';
import { parseBlobId, parseDeviceId, type BlobId, type DeviceId } from '../ids.js';
import { formatTarget, type Target } from '../target.js';

export interface StreamTarget {
  readonly deviceId: DeviceId;
  /** Origin-form, written anew: what the peer is asked for. */
  readonly path: string;
  /** The blob whose bytes are asked for; null for everything else. */
  readonly blob: BlobId | null;
  /** A feed may be silent, and stays open: it is counted apart from requests. */
  readonly isFeed: boolean;
}

/** The user of basic authentication; the token is the password. */
export const STREAM_USER = 'patchcord';

/** What a peer has for others; the peer itself decides on each request. */
const SURFACES = new Set(['couch', 'files', 'revocations']);

/** Throws the `Refusal` for what is no peer, or nothing that a peer has. */
export function readStreamTarget({ segments, trailingSlash, query }: Target): StreamTarget {
  const [root, deviceText = '', ...below] = segments;
  const [surface] = below;
  if (root !== 'peers' || (surface !== undefined && !SURFACES.has(surface)))
    throw new Refusal('no-such-resource');
  const deviceId = parseDeviceId(deviceText);
  if (deviceId === null) throw new Refusal('no-such-peer');
  const written = trailingSlash && below.length > 0 ? [...below, ''] : below;
  return {
    deviceId,
    path: formatTarget(written, query),
    blob: surface === 'files' && below.length === 2 ? parseBlobId(below[1] ?? '') : null,
    isFeed:
      surface === 'couch' &&
      below[2] === '_changes' &&
      query.some(({ name, value }) => name === 'feed' && value !== 'normal'),
  };
}
