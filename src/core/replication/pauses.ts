// What a person has paused: a peer, a database, or one database of one peer. As texts that are stored and told.
import { parseDeviceId, type DeviceId } from '../ids.js';
import { isDatabaseName } from '../policy/policy.js';

/** Null stands for all of them; never both. */
export interface Pause {
  readonly deviceId: DeviceId | null;
  readonly database: string | null;
}

const SEPARATOR = ' ';
const ALL = '*';

export const formatPause = ({ deviceId, database }: Pause): string =>
  `${deviceId ?? ALL}${SEPARATOR}${database ?? ALL}`;

/** Null for what is none. */
export function parsePause(text: string): Pause | null {
  const [device = '', database = '', ...rest] = text.split(SEPARATOR);
  const deviceId = device === ALL ? null : parseDeviceId(device);
  const isKnown = (device === ALL) === (deviceId === null) && (database === ALL || isDatabaseName(database));
  if (!isKnown || rest.length > 0 || (deviceId === null && database === ALL)) return null;
  return { deviceId, database: database === ALL ? null : database };
}

/** Whether any of them covers this job. */
export const isPaused = (
  pauses: Iterable<Pause>,
  job: { readonly deviceId: DeviceId; readonly database: string },
): boolean =>
  [...pauses].some(
    ({ deviceId, database }) =>
      (deviceId === null || deviceId === job.deviceId) && (database === null || database === job.database),
  );
