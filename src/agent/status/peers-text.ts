// Who is seen on the links, for people.
import type { Style } from '../cli/style.js';
import { formatDevice } from '../directory/names.js';
import type { AgentStatus } from './status.js';

type Discovery = NonNullable<AgentStatus['discovery']>;
type Peer = Discovery['peers'][number];

/** Nobody says so: whoever refuses is silent, and a fault may look the same. */
export const TURNED_AWAY =
  'is there, but lets this device in no more: it may have revoked it, or ended the share';
export const TURNED_AWAY_TODO = 'see `patchcord devices` there';

/** What dialling found of an address, in words. */
const STANDINGS = new Map([
  ['proven', 'reached'],
  ['unreachable', 'does not answer'],
  ['turns-away', `${TURNED_AWAY}; ${TURNED_AWAY_TODO}`],
  ['wrong', 'somebody else answered, or it is not let in'],
  ['revoked', 'revoked, and not dialled'],
]);

export function formatPeer(peer: Peer): string {
  const { deviceId, name, instance, address, zone, port, standing, connected } = peer;
  const who = deviceId === null ? `unknown, as ${instance}` : formatDevice(deviceId, name);
  const how = connected ? 'connected' : (STANDINGS.get(standing) ?? 'announced');
  return `${who} at ${address}%${zone}, port ${port}: ${how}`;
}

/** One line for each address, then what was not believed. */
export function formatPeers(discovery: AgentStatus['discovery'], style: Style): string {
  if (discovery === null) return style.warn('the gateway does not tell');
  const { links, peers, refused, malformed, conflicts } = discovery;
  if (links.length === 0)
    return 'There is no link to look on: plug in a cable. `patchcord doctor` tells what each link has.';
  const zones = links.map(({ zone }) => zone).join(', ');
  const lines = peers.length === 0 ? [`Nobody is seen on ${zones}.`] : peers.map(formatPeer);
  if (conflicts > 0)
    lines.push(style.warn(`Somebody announced the name of this device, ${conflicts} times.`));
  if (refused + malformed > 0)
    lines.push(
      style.warn(`Not believed: ${refused} announcements too many, ${malformed} malformed packets.`),
    );
  return lines.join('\n');
}
