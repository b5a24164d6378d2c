// One line for each thing that happens to what is pulled and fetched, in words. Names come from peers.
import { formatBytes } from '../cli/format.js';
import type { Style } from '../cli/style.js';
import { formatDevice, type NameOf } from '../directory/names.js';
import { cleanReason, cleanText } from '../gateway-events.js';
import type { SyncEvent } from './sync.js';

const ID_CHARACTERS = 8;
const short = (id: string): string => id.slice(0, ID_CHARACTERS);

export const HOLD_WORDS = {
  'too-large': 'larger than fetch.maxFileBytes',
  'over-quota': 'more than fetch.quotaBytes in databases that others write to',
  'no-room': 'too little room would stay free',
} as const;

export function formatSyncEvent(event: SyncEvent, style: Style, nameOf: NameOf): string {
  const known = (deviceId: string): string => formatDevice(deviceId, nameOf(deviceId));
  switch (event.event) {
    case 'database-made':
      return `made the database ${event.database}, which ${event.deviceIds.map(known).join(', ')} has`;
    case 'database-not-made':
      return style.warn(`the database ${event.database} could not be made: ${cleanText(event.reason)}`);
    case 'pull-failed':
      return style.warn(
        `pulling ${event.database} from ${known(event.deviceId)} stopped: ${cleanReason(event.reason)}`,
      );
    case 'file-fetched':
      return `fetched ${short(event.id)}…, ${formatBytes(event.bytes)}`;
    case 'bad-source':
      return style.warn(
        `${known(event.deviceId)} sent wrong bytes of ${short(event.id)}…, and is asked for no more files`,
      );
    case 'file-held':
      return style.warn(`not fetched: ${short(event.id)}…: ${HOLD_WORDS[event.hold]}`);
    case 'file-not-written':
      return style.warn(`could not be stored: ${short(event.id)}…: ${cleanText(event.reason)}`);
    case 'many-leaves':
      return style.warn(
        `${JSON.stringify(cleanText(event.id))} in ${event.database} has ${event.leaves} conflicting versions`,
      );
  }
}
