// What binds a run to its TLS connection: a relay between two connections has other values on each.
import { createHash } from 'node:crypto';
import { lv } from './encoding.js';

/** RFC 5705; both ends of one TLS connection have the same 32 bytes. */
export const EXPORTER_LABEL = 'EXPORTER-patchcord-pair-v1';
export const EXPORTER_BYTES = 32;
const CHANNEL = Buffer.from('patchcord-pair-v1');

export interface Channel {
  /** DER of the leaves that the two ends showed. */
  readonly offererLeaf: Uint8Array;
  readonly joinerLeaf: Uint8Array;
  readonly exporter: Uint8Array;
}

/** CI of the draft. */
export const channelIdentifier = ({ offererLeaf, joinerLeaf, exporter }: Channel): Uint8Array =>
  lv(CHANNEL, sha256(offererLeaf), sha256(joinerLeaf), exporter);

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();
