// The gateway's answer to `status`, taken apart like its events: what it says is a stranger's.
import * as v from 'valibot';
import { count, id, listener, list, peerHint, principal, streamDoor, text } from '../gateway-events.js';

const STATUS = v.object({
  listeners: list(v.object(listener)),
  confinedBy: list(text),
  upstream: v.nullable(
    v.object({
      credentials: v.record(text, text),
    }),
  ),
  connections: list(v.object({ principal, address: text, requests: count })),
  discovery: v.object({
    instance: v.nullable(text),
    links: list(v.object({ zone: text, open: v.boolean() })),
    peers: list(v.object({ ...peerHint, standing: text, connected: v.boolean() })),
    refused: count,
    malformed: count,
    conflicts: count,
  }),
  peerStreams: streamDoor,
  peers: list(
    v.object({
      deviceId: id,
      isReached: v.boolean(),
      turnsAway: v.boolean(),
      links: list(v.object({ ...listener, connections: count, lastFailure: v.nullable(text) })),
      requests: count,
      feeds: count,
      queued: count,
      /** By code, since the start. */
      failures: v.record(text, count),
    }),
  ),
  denied: v.record(text, count),
  identity: v.nullable(v.object({ deviceId: id })),
});

export type GatewayStatus = v.InferOutput<typeof STATUS>;

/** Null for what is no status. */
export function parseGatewayStatus(untrusted: unknown): GatewayStatus | null {
  const result = v.safeParse(STATUS, untrusted);
  return result.success ? result.output : null;
}
