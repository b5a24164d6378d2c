// What a person paused, where it matters to somebody who waits for files: documents that are not pulled name nothing here.
import type { Pause } from '../../core/replication/pauses.js';
import { formatDevice, type Named } from '../directory/names.js';

export type NamedPause = Named<Pause>;

const ID_CHARACTERS = 8;
/** Names of databases may have what a shell takes for its own. */
const PLAIN = /^[\w+/-]+$/;

/** As in `dmedia-0 from "Ada’s phone" 3AXYUW7K`. */
export function formatPaused({ deviceId, name, database }: NamedPause): string {
  const from = deviceId === null ? '' : ` from ${formatDevice(deviceId, name)}`;
  return `${database ?? 'everything'}${from}`;
}

/** The command that ends it. */
export function resumeCommand({ deviceId, database }: Pause): string {
  const peer = deviceId === null ? '' : ` --peer ${deviceId.slice(0, ID_CHARACTERS)}`;
  const quoted = database === null || PLAIN.test(database) ? database : `'${database}'`;
  return `patchcord resume${peer}${quoted === null ? '' : ` --database ${quoted}`}`;
}
