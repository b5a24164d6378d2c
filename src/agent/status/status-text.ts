// The state in one screen.
import { fileLines, pullLines } from '../sync/status-lines.js';
import { formatBytes } from '../cli/format.js';
import { formatDevice, formatRole } from '../directory/names.js';
import { formatRequest } from '../directory/requests-text.js';
import type { Style } from '../cli/style.js';
import { formatListener } from '../up/ready-text.js';
import { formatPeer, TURNED_AWAY, TURNED_AWAY_TODO } from './peers-text.js';
import type { AgentStatus } from './status.js';

const LABEL_CHARACTERS = 13;
const ID_CHARACTERS = 8;
const SHOWN = 5;
const DAY_MS = 24 * 3_600_000;
const WARN_DAYS = 60;

export function formatStatus(status: AgentStatus, style: Style, now: Date): string {
  const rows: [label: string, lines: string[]][] = [
    ['Device', deviceLines(status, style, now)],
    ['Listens', status.listeners.map(formatListener)],
    ['Confined', [status.confinedBy.length === 0 ? 'by nothing' : status.confinedBy.join(', ')]],
    ['CouchDB', couchdbLines(status, style)],
    ['Databases', [databasesText(status)]],
    ['Stores', status.stores.map(formatStore)],
    ['Connected', connectionLines(status)],
    ['Seen', seenLines(status)],
    ['Streams', [streamsLine(status), ...usedPeerLines(status, style)]],
    ['Pulls', pullLines(status.sync, style)],
    ['Files', fileLines(status.sync, style)],
    ['Refused', refusalLines(status)],
    ['Asked for', status.requests.map((one) => style.warn(formatRequest(one)))],
    [
      'Warnings',
      status.warnings.slice(-SHOWN).map(({ time, text }) => style.warn(`${clock(time)}  ${text}`)),
    ],
  ];
  return rows
    .map(([label, lines]) => {
      const [first = 'nothing', ...rest] = lines;
      const more = rest.map((line) => `\n${' '.repeat(LABEL_CHARACTERS)}${line}`).join('');
      return `${style.bold(label.padEnd(LABEL_CHARACTERS))}${first}${more}`;
    })
    .join('\n');
}

const short = (id: string): string => id.slice(0, ID_CHARACTERS);
const clock = (time: string): string => new Date(time).toTimeString().slice(0, 8);

function deviceLines({ identity, version, pid, since }: AgentStatus, style: Style, now: Date): string[] {
  const days = Math.floor((Date.parse(identity.notAfter) - now.getTime()) / DAY_MS);
  const dates = `certificate good until ${identity.notAfter.slice(0, 10)}, ${days} days`;
  return [
    `${JSON.stringify(identity.name)} ${short(identity.deviceId)}, of user ${short(identity.userId)}`,
    days < WARN_DAYS ? style.warn(dates) : dates,
    `patchcord ${version}, process ${pid}, up since ${new Date(since).toString().slice(0, 21)}`,
  ];
}

function couchdbLines({ couchdb }: AgentStatus, style: Style): string[] {
  const { kind, url, version, credentials } = couchdb;
  const what = kind === 'embedded' ? 'embedded, for trying things' : `CouchDB ${version ?? ''}`;
  const head = version === null ? style.warn(`${url} does not answer`) : `${url}, ${what}`;
  const states = Object.entries(credentials).map(([name, state]) =>
    state === 'passed'
      ? `credential ${formatRole(name)} passed`
      : style.warn(`credential ${formatRole(name)}: ${state}`),
  );
  return [head, ...states];
}

function databasesText({ couchdb: { databases, version } }: AgentStatus): string {
  const why = version === null ? 'CouchDB does not answer' : 'no administrator is known';
  return databases?.join(', ') ?? `not known: ${why}`;
}

const formatStore = ({ path, present, freeBytes }: AgentStatus['stores'][number]): string => {
  if (!present) return `${path}: not there now`;
  return freeBytes === null ? path : `${path}, ${formatBytes(freeBytes)} free`;
};

/** A line for each peer and address, however many connections it has. */
function connectionLines({ connections }: AgentStatus): string[] {
  const lines = new Map<string, { connections: number; requests: number }>();
  for (const { principal, name, address, requests } of connections) {
    const who = `${formatDevice(principal.deviceId, name)} (${formatRole(principal.role)}) from ${address}`;
    const before = lines.get(who) ?? { connections: 0, requests: 0 };
    lines.set(who, { connections: before.connections + 1, requests: before.requests + requests });
  }
  return [...lines].map(
    ([who, { connections: count, requests }]) =>
      `${who}${count > 1 ? `, ${count} connections` : ''}, ${requests} requests under way`,
  );
}

function seenLines({ discovery }: AgentStatus): string[] {
  const known = (discovery?.peers ?? []).filter(({ deviceId }) => deviceId !== null);
  return known.slice(0, SHOWN).map(formatPeer);
}

const streamsLine = ({ peerStreams }: AgentStatus): string =>
  peerStreams === null
    ? 'local programs cannot reach peers'
    : `${peerStreams.url}, tokens in ${peerStreams.tokensIn}`;

type UsedPeer = AgentStatus['peers'][number];

const usedPeerLines = ({ peers }: AgentStatus, style: Style): string[] =>
  peers
    .slice(0, SHOWN)
    .map((peer) => (peer.turnsAway ? style.warn(formatUsedPeer(peer)) : formatUsedPeer(peer)));

/** A peer that local programs have asked for. */
function formatUsedPeer(peer: UsedPeer): string {
  const { deviceId, name, failures } = peer;
  const what = formatReach(peer);
  const failed = Object.entries(failures).map(([code, times]) => `${code} ${times}`);
  return `${formatDevice(deviceId, name)} ${what}${failed.length === 0 ? '' : `; failed before: ${failed.join(', ')}`}`;
}

function formatReach({ isReached, turnsAway, links }: UsedPeer): string {
  if (turnsAway) return `${TURNED_AWAY}; ${TURNED_AWAY_TODO}`;
  const over = links.filter(({ connections }) => connections > 0).map(({ zone }) => zone ?? 'loopback');
  return isReached ? `reached over ${over.join(', ')}` : 'away';
}

function refusalLines({ denied, refusals }: AgentStatus): string[] {
  const total = Object.values(denied).reduce((sum, times) => sum + times, 0);
  if (total === 0) return [];
  const rules = Object.entries(denied).map(([rule, times]) => `${rule} ${times}`);
  return [
    `${total} since the start: ${rules.join(', ')}`,
    ...refusals.slice(-SHOWN).map(({ time, text }) => `${clock(time)}  ${text}`),
  ];
}
