// Compiles `peerStreams`: the door for local programs, and how connections to peers are made again.
import type * as v from 'valibot';
import type { DeviceId } from '../ids.js';
import type { DialAddress } from '../peers/dial-address.js';
import { DEFAULT_RECONNECT, type ReconnectPolicy } from '../peers/reconnect.js';
import type { Problems } from './problems.js';
import type { PEER_STREAMS } from './shape.js';

export interface PeerStreams {
  /** On 127.0.0.1; 0 for any, null for none. */
  readonly port: number | null;
  /** A listening Unix socket that the launcher passed. */
  readonly fd: 3 | null;
  /** Each opens the door; their names are for people. */
  readonly tokens: readonly string[];
  readonly reconnect: ReconnectPolicy;
  /** Where devices might be, besides what discovery says. Hints: who answers there is judged all the same. */
  readonly addresses: ReadonlyMap<DeviceId, readonly DialAddress[]>;
}

const LINK_LOCAL = /^fe[89ab][0-9a-f:]{0,36}$/;
const LOOPBACK = '::1';

export function compilePeerStreams(
  { port, fd, tokens, reconnect, addresses }: v.InferOutput<typeof PEER_STREAMS>,
  problems: Problems,
): PeerStreams {
  if (port === undefined && fd === undefined) problems.add(['peerStreams'], 'must have "port" or "fd"');
  if (Object.keys(tokens).length === 0) problems.add(['peerStreams', 'tokens'], 'must have at least one');
  for (const [device, hints] of Object.entries(addresses)) {
    for (const [index, hint] of hints.entries()) {
      const reason = flawOf(hint);
      if (reason !== null) problems.add(['peerStreams', 'addresses', device, index], reason);
    }
  }
  return {
    port: port ?? null,
    fd: fd ?? null,
    tokens: Object.values(tokens),
    reconnect: completePolicy(reconnect),
    addresses: new Map(Object.entries(addresses).map(([id, hints]) => [id as DeviceId, hints])),
  };
}

const completePolicy = (given: v.InferOutput<typeof PEER_STREAMS>['reconnect']): ReconnectPolicy => ({
  delaysMs: given.delaysMs ?? DEFAULT_RECONNECT.delaysMs,
  jitter: given.jitter ?? DEFAULT_RECONNECT.jitter,
  hideMs: given.hideMs ?? DEFAULT_RECONNECT.hideMs,
  mode: given.mode ?? DEFAULT_RECONNECT.mode,
});

function flawOf({ address, zone, port }: DialAddress): string | null {
  if (port === 0) return 'must have a port that can be dialled';
  if (address === LOOPBACK) return zone === null ? null : 'has a zone, and loopback has none';
  if (!LINK_LOCAL.test(address) || !URL.canParse(`http://[${address}]/`))
    return 'must be a link-local IPv6 address, without its zone, or "::1"';
  return zone === null ? 'must have the zone of its link' : null;
}
