// One line for each thing that happens, in words.
import type { Style } from '../cli/style.js';
import { formatDevice, formatRole, type NameOf } from '../directory/names.js';
import type { SeenEvent } from '../gateway-events.js';
import type { FollowEvent } from '../provision/follow.js';
import { TURNED_AWAY, TURNED_AWAY_TODO } from '../status/peers-text.js';
import type { GuestOf } from './guests.js';
import { formatListener } from './ready-text.js';
import type { Denied } from './refusals.js';

type Principal = Extract<SeenEvent, { event: 'connected' }>['principal'];

const formatKnown = (deviceId: string, nameOf: NameOf): string => formatDevice(deviceId, nameOf(deviceId));

const formatPrincipal = ({ deviceId, role }: Principal, nameOf: NameOf): string =>
  `${formatKnown(deviceId, nameOf)} (${formatRole(role)})`;

/** Null for what a person need not read. */
export function formatEvent(event: SeenEvent, style: Style, nameOf: NameOf, guestOf: GuestOf): string | null {
  switch (event.event) {
    case 'listening':
      return `listens on ${formatListener(event)}`;
    case 'unlistening':
      return `listens no more on ${formatListener(event)}`;
    case 'connected':
      return `${formatPrincipal(event.principal, nameOf)} connected from ${event.address}`;
    case 'disconnected':
      return `${formatPrincipal(event.principal, nameOf)} disconnected`;
    case 'peer-seen':
    case 'peer-lost':
      return formatPeerEvent(event, nameOf);
    case 'peer-reached':
      return `${formatKnown(event.deviceId, nameOf)} is reached at ${formatListener(event)}`;
    case 'peer-unreached':
      return `${formatKnown(event.deviceId, nameOf)} is reached no more`;
    case 'peer-turns-away':
      return style.warn(`${formatKnown(event.deviceId, nameOf)} ${TURNED_AWAY}; ${TURNED_AWAY_TODO}`);
    case 'denied':
      return isOnlyLook(event)
        ? formatDenied(event, nameOf, guestOf)
        : style.warn(formatDenied(event, nameOf, guestOf));
    case 'warning':
      return style.warn(`warning: ${event.about === undefined ? '' : `${event.about}: `}${event.message}`);
    // What of it is true, the directory tells.
    case 'revocations-learned':
    // Told by the command that pairs.
    case 'pair-offer-seen':
    case 'pair-offer-lost':
    case 'pair-strike':
    case 'pair-proved':
    case 'pair-data':
    case 'pair-ended':
    case 'fatal':
    case 'stopped':
      return null;
  }
}

/** Unknown names come from whoever is on the link: they are in `patchcord peers`, and not worth a line each. */
function formatPeerEvent(
  { event, deviceId, address, zone }: Extract<SeenEvent, { event: 'peer-seen' | 'peer-lost' }>,
  nameOf: NameOf,
): string | null {
  if (deviceId === null) return null;
  const what = event === 'peer-seen' ? 'is announced' : 'is announced no more';
  return `${formatKnown(deviceId, nameOf)} ${what} at ${address}%${zone}`;
}

/** Who only looks who is there ends the connection as soon as it has seen this device's certificate. */
const isOnlyLook = ({ rule, reason }: Denied): boolean => rule === 'tls' && reason === 'ECONNRESET';

export function formatDenied(event: Denied, nameOf: NameOf, guestOf: GuestOf): string {
  const times = (event.count ?? 1) > 1 ? `, ${event.count ?? 1} times` : '';
  if (isOnlyLook(event))
    return `a connection${formatFrom(event)} ended before it showed a certificate${times}`;
  const where = event.address === undefined ? '' : ` at ${event.address}`;
  return `refused ${formatRefused(event, nameOf, guestOf)}${where}: ${formatWhy(event, guestOf)}${times}`;
}

const formatFrom = ({ address }: Denied): string => (address === undefined ? '' : ` from ${address}`);

function formatRefused(event: Denied, nameOf: NameOf, guestOf: GuestOf): string {
  const device = event.principal?.deviceId ?? event.deviceId;
  if (event.principal !== null) return formatPrincipal(event.principal, nameOf);
  const who = formatNotLetIn(event, nameOf, guestOf);
  // This side dialled: somebody else answered, or the one who was meant and is not let in.
  const { dialled } = event;
  const isMeant = dialled === undefined || dialled === device;
  return isMeant ? who : `${who} in place of ${formatKnown(dialled, nameOf)}`;
}

/** One that this user named is no stranger, nor one that was let in before. */
function formatNotLetIn(event: Denied, nameOf: NameOf, guestOf: GuestOf): string {
  const { deviceId } = event;
  if (deviceId === undefined) return 'a stranger';
  const known = formatKnown(deviceId, nameOf);
  const user = guestOf(deviceId);
  if (user !== null) return `${known} of user ${user}`;
  return nameOf(deviceId) !== null || isRevoked(event) ? known : `a stranger ${known}`;
}

const isRevoked = ({ rule }: Denied): boolean => rule === 'revoked-here' || rule === 'revoked-by-ca';

/** What a device is refused for whose user is trusted no more. */
const isUnknown = ({ rule }: Denied): boolean => rule === 'issuer-unknown' || rule === 'no-principal';

function formatWhy(event: Denied, guestOf: GuestOf): string {
  const { rule, reason, deviceId } = event;
  if (isRevoked(event)) return 'it is revoked';
  const isGuest = deviceId !== undefined && guestOf(deviceId) !== null;
  if (isGuest && isUnknown(event)) return 'nothing is shared with that user any more';
  return reason === undefined ? rule : `${rule}, ${reason}`;
}

export function formatFollow(event: FollowEvent, style: Style): string {
  switch (event.event) {
    case 'databases':
      return event.databases.length === 0
        ? 'there is no database now'
        : `databases now: ${event.databases.join(', ')}`;
    case 'public-database':
      return style.warn(`${event.database} is open to everyone; \`patchcord provision\` can close it`);
    case 'couchdb-lost':
      return style.warn(`CouchDB does not answer: ${event.reason}`);
    case 'couchdb-admin-refused':
      return style.warn('CouchDB refuses the administrator of the configuration: set couchdb.admin anew');
    case 'couchdb-back':
      return 'CouchDB answers again';
    case 'couchdb-replaced':
      return style.warn('another CouchDB answers at that address now: run `patchcord provision`');
  }
}
