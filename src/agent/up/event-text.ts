// One line for each thing that happens, in words.
import type { Style } from '../cli/style.js';
import type { SeenEvent } from '../gateway-events.js';
import type { FollowEvent } from '../provision/follow.js';
import { formatListener } from './ready-text.js';

const ID_CHARACTERS = 8;

type Principal = Extract<SeenEvent, { event: 'connected' }>['principal'];

const formatPrincipal = ({ deviceId, role }: Principal): string =>
  `${deviceId.slice(0, ID_CHARACTERS)} (${role})`;

/** Null for what a person need not read. */
export function formatEvent(event: SeenEvent, style: Style): string | null {
  switch (event.event) {
    case 'listening':
      return `listens on ${formatListener(event)}`;
    case 'unlistening':
      return `listens no more on ${formatListener(event)}`;
    case 'connected':
      return `${formatPrincipal(event.principal)} connected from ${event.address}`;
    case 'disconnected':
      return `${formatPrincipal(event.principal)} disconnected`;
    case 'peer-seen':
    case 'peer-lost':
      return formatPeerEvent(event);
    case 'peer-reached':
      return `${event.deviceId.slice(0, ID_CHARACTERS)} is reached at ${formatListener(event)}`;
    case 'peer-unreached':
      return `${event.deviceId.slice(0, ID_CHARACTERS)} is reached no more`;
    case 'denied':
      return style.warn(formatDenied(event));
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
function formatPeerEvent({
  event,
  deviceId,
  address,
  zone,
}: Extract<SeenEvent, { event: 'peer-seen' | 'peer-lost' }>): string | null {
  if (deviceId === null) return null;
  const what = event === 'peer-seen' ? 'is announced' : 'is announced no more';
  return `${deviceId.slice(0, ID_CHARACTERS)} ${what} at ${address}%${zone}`;
}

export function formatDenied(event: Extract<SeenEvent, { event: 'denied' }>): string {
  const where = event.address === undefined ? '' : ` at ${event.address}`;
  const times = (event.count ?? 1) > 1 ? `, ${event.count ?? 1} times` : '';
  const why = event.reason === undefined ? event.rule : `${event.rule}, ${event.reason}`;
  return `refused ${formatRefused(event)}${where}: ${why}${times}`;
}

function formatRefused(event: Extract<SeenEvent, { event: 'denied' }>): string {
  const device = event.principal?.deviceId ?? event.deviceId;
  if (event.principal !== null) return formatPrincipal(event.principal);
  const who = `a stranger${device === undefined ? '' : ` ${device.slice(0, ID_CHARACTERS)}`}`;
  // This side dialled, and somebody else answered.
  return event.dialled === undefined ? who : `${who} in place of ${event.dialled.slice(0, ID_CHARACTERS)}`;
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
