// What other commands ask of pulling and fetching: to pause and resume, and to bring files.
import { parseBlobId, parseDeviceId, type DeviceId } from '../../core/ids.js';
import { isDatabaseName } from '../../core/policy/policy.js';
import type { Pause } from '../../core/replication/pauses.js';
import type { Demand } from '../blobs/blobs.js';
import type { DemandStatus } from '../blobs/demands.js';
import { Failure } from '../cli/failure.js';
import { noDatabase, noName } from '../databases/refusals.js';
import { withNames, type NameOf } from '../directory/names.js';
import type { NamedPause } from './paused.js';
import type { Sync } from './sync.js';

/** Null stands for all; a device by its name, its id, or the beginning of that. */
export interface PauseParams {
  readonly device: string | null;
  readonly database: string | null;
}

export interface PauseAnswer {
  readonly deviceId: string | null;
  readonly name: string | null;
  readonly database: string | null;
  /** False where it was so already. */
  readonly isChanged: boolean;
  /** False for the name of a database that is neither here nor offered by a device that is here. */
  readonly isKnown: boolean;
}

export type FetchParams =
  { readonly ids: readonly string[] } | { readonly database: string } | { readonly all: true };

export interface FetchAnswer {
  readonly demand: number;
  /** What a person paused: files that only documents of these name are not known here. */
  readonly paused: readonly NamedPause[];
}

/** Method by method: what it is asked with, and what it answers. */
export interface SyncMethods {
  readonly pause: [params: PauseParams, answer: PauseAnswer];
  readonly resume: [params: PauseParams, answer: PauseAnswer];
  readonly fetch: [params: FetchParams, answer: FetchAnswer];
  /** Null for a demand that was long ago. */
  readonly 'fetch-status': [params: { readonly demand: number }, answer: DemandStatus | null];
}

type SyncHandlers = {
  readonly [Method in keyof SyncMethods]: (params: SyncMethods[Method][0]) => Promise<SyncMethods[Method][1]>;
};

export interface SyncHandlersOptions {
  readonly sync: Sync;
  /** Null while it is not known which there are. */
  readonly databases: () => readonly string[] | null;
  readonly nameOf: NameOf;
}

export function createSyncHandlers({ sync, databases, nameOf }: SyncHandlersOptions): SyncHandlers {
  const isHere = (database: string): boolean => databases()?.includes(database) ?? true;
  const isKnown = (database: string): boolean =>
    isHere(database) || sync.peers().some(({ offers }) => offers.includes(database));
  const change = async (what: 'pause' | 'resume', params: PauseParams): Promise<PauseAnswer> => {
    if (what === 'pause') requireSomething(params);
    const pause = parsePauseParams(params, sync, nameOf);
    const isChanged = await sync.memory[what](pause);
    sync.replication.refresh();
    const name = pause.deviceId === null ? null : nameOf(pause.deviceId);
    return { ...pause, name, isChanged, isKnown: pause.database === null || isKnown(pause.database) };
  };
  return {
    pause: (params) => change('pause', params),
    resume: (params) => change('resume', params),
    fetch: async (params) => {
      if ('database' in params && !isHere(params.database)) throw noDatabase(params.database);
      await sync.lookForFiles();
      const demand = sync.blobs.demand(parseDemand(params));
      return { demand, paused: withNames(pausesFor(params, sync), nameOf) };
    },
    'fetch-status': ({ demand }) => Promise.resolve(sync.blobs.demandStatus(demand)),
  };
}

const pausesFor = (params: FetchParams, { memory }: Sync): Pause[] =>
  memory.pauses.filter(
    ({ database }) => !('database' in params) || database === null || database === params.database,
  );

/** A pause of everything would be none that a person meant; what is resumed without either is all that was paused. */
function requireSomething({ device, database }: PauseParams): void {
  if (device === null && database === null)
    throw new Failure('usage', 'pause-what', 'say which device, or which database', {
      hint: 'Say --peer, --database, or both: see `patchcord peers` and `patchcord databases`.',
    });
}

function parsePauseParams({ device, database }: PauseParams, sync: Sync, nameOf: NameOf): Pause {
  if (database !== null && !isDatabaseName(database)) throw noName(database);
  return { deviceId: device === null ? null : findDevice(device, sync, nameOf), database };
}

/** A whole id need not be known; a name, or the beginning of an id, has to be that of one device alone. */
function findDevice(text: string, sync: Sync, nameOf: NameOf): DeviceId {
  const whole = parseDeviceId(text);
  if (whole !== null) return whole;
  const known = new Set([
    ...sync.peers().map(({ deviceId }) => deviceId),
    ...sync.memory.pauses.flatMap(({ deviceId }) => deviceId ?? []),
  ]);
  const found = [...known].filter(
    (id) => nameOf(id) === text || (text !== '' && id.startsWith(text.toUpperCase())),
  );
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  const what =
    found.length === 0
      ? `no device is known as ${JSON.stringify(text)}`
      : `${JSON.stringify(text)} can mean ${found.length} devices`;
  throw new Failure('noInput', 'no-device', what, { hint: 'See `patchcord peers`.' });
}

function parseDemand(params: FetchParams): Demand {
  if (!('ids' in params)) return params;
  const ids = params.ids.map((text) => {
    const id = parseBlobId(text);
    if (id === null)
      throw new Failure('usage', 'no-id', `${JSON.stringify(text)} is no id of a file`, {
        hint: 'It has 48 characters: it is the _id of the document that names the file.',
      });
    return id;
  });
  return { ids };
}
