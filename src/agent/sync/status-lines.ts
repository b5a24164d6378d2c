// What is pulled and fetched, as lines of the screen of `patchcord status`.
import { formatBytes, formatSeconds } from '../cli/format.js';
import type { Style } from '../cli/style.js';
import { cleanReason, cleanText } from '../gateway-events.js';
import { formatDevice } from '../directory/names.js';
import type { SyncStatus } from './describe.js';
import { HOLD_WORDS } from './event-text.js';

const ID_CHARACTERS = 8;
const SHOWN_FILES = 5;
const SHOWN_PULLS = 40;
const short = (id: string): string => id.slice(0, ID_CHARACTERS);

export function pullLines({ pulls }: SyncStatus, style: Style): string[] {
  const lines = pulls.slice(0, SHOWN_PULLS).map((pull) => formatPull(pull, style));
  const rest = pulls.length - lines.length;
  return rest > 0 ? [...lines, `and ${rest} more`] : lines;
}

function formatPull(
  { deviceId, name, database, state, pending, done, failed, reason }: SyncStatus['pulls'][number],
  style: Style,
): string {
  const failures = failed > 0 ? style.warn(`, ${failed} could not be written`) : '';
  const head = `${database} from ${formatDevice(deviceId, name)}: `;
  switch (state) {
    case 'paused':
      return `${head}paused`;
    case 'starting':
      return `${head}begins`;
    case 'failed':
      return head + style.warn(`failed, tried again: ${cleanReason(reason ?? '')}`);
    case 'pulling':
      return `${head}${formatDocuments(done)}, ${pending ?? 'some'} to come${failures}`;
    case 'current':
      return `${head}up to date, ${formatDocuments(done)} since the start${failures}`;
  }
}

const formatDocuments = (count: number): string => `${count} ${count === 1 ? 'document' : 'documents'}`;

export function fileLines({ files }: SyncStatus, style: Style): string[] {
  const { missing, withoutSource, active, held, conflicted, droppedSources } = files;
  const lines = [
    `${files.fetchedFiles} fetched since the start (${formatBytes(files.fetchedBytes)}), ${missing} missing`,
  ];
  if (withoutSource > 0) lines.push(`${withoutSource} of them no device has that is here`);
  for (const [hold, count] of Object.entries(held))
    lines.push(style.warn(`${count} not fetched: ${HOLD_WORDS[hold as keyof typeof HOLD_WORDS]}`));
  for (const blob of active.slice(0, SHOWN_FILES)) lines.push(formatActive(blob));
  if (active.length > 0) lines.push(rateLine(files));
  for (const device of droppedSources)
    lines.push(style.warn(`${short(device)} sent wrong bytes: asked for no more`));
  for (const { database, id, leaves } of conflicted.slice(0, SHOWN_FILES))
    lines.push(
      style.warn(`${JSON.stringify(cleanText(id))} in ${database} has ${leaves} conflicting versions`),
    );
  return lines;
}

const formatActive = ({ id, bytes, totalBytes, sources }: SyncStatus['files']['active'][number]): string =>
  `${short(id)}…  ${formatBytes(bytes)} of ${formatBytes(totalBytes)}${sources.length === 0 ? '' : ` from ${sources.map(short).join(', ')}`}`;

function rateLine({ active, bytesPerSecond }: SyncStatus['files']): string {
  const left = active.reduce((sum, { bytes, totalBytes }) => sum + totalBytes - bytes, 0);
  const time = bytesPerSecond === 0 ? '' : `, ${formatSeconds(left / bytesPerSecond)} left for these`;
  return `${formatBytes(bytesPerSecond)}/s${time}`;
}
