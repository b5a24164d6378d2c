// What this device holds of what user CAs have said: of each thing the one statement that counts, and every revocation.
// Pure. A statement gets in by its signature alone; an old one undoes no newer one, and revocations only become more.
import type { KeyObject } from 'node:crypto';
import type { DeviceId, UserId } from '../ids.js';
import {
  isAbout,
  MAX_REVOCATIONS_PER_CA,
  parseStatement,
  verifyStatement,
  type DevicePayload,
  type KeyHolderPayload,
  type RevocationPayload,
  type SharePayload,
  type Statement,
} from '../statements.js';

export type DeviceStatement = Statement<DevicePayload>;
export type RevocationStatement = Statement<RevocationPayload>;
export type ShareStatement = Statement<SharePayload>;
export type KeyHolderStatement = Statement<KeyHolderPayload>;

export interface DirectoryRecord {
  /** Of this user's own devices, revoked ones too. */
  readonly devices: ReadonlyMap<DeviceId, DeviceStatement>;
  /** By the other user; one without databases says that the share has ended. */
  readonly shares: ReadonlyMap<UserId, ShareStatement>;
  /** By the id of the statement: of this user's CA, and of others'. */
  readonly revocations: ReadonlyMap<string, RevocationStatement>;
  /** Devices that have had the user CA key: nobody can show that a copy of it is gone. */
  readonly keyHolders: ReadonlyMap<DeviceId, KeyHolderStatement>;
}

export const EMPTY_RECORD: DirectoryRecord = {
  devices: new Map(),
  shares: new Map(),
  revocations: new Map(),
  keyHolders: new Map(),
};

/** As many as a gateway can be told to look for. */
export const MAX_OWN_DEVICES = 4096;
export const MAX_SHARES = 256;
/** Of all other users' CAs together: with those of the own one they fit into one line to the gateway. */
export const MAX_OTHERS_REVOCATIONS = 1000;

/** Whose statements count: this user's CA for everything, others' for revocations of their own devices. */
export interface Signers {
  readonly own: KeyObject;
  readonly ownUserId: UserId;
  readonly others: ReadonlyMap<UserId, KeyObject>;
}

export interface Learned {
  readonly record: DirectoryRecord;
  /** Those that are new and count now. */
  readonly taken: readonly Statement[];
}

/** The record with those of `untrusted` that count; nothing else of them leaves a trace. */
export function learnStatements(
  record: DirectoryRecord,
  untrusted: readonly unknown[],
  signers: Signers,
): Learned {
  const next = {
    devices: new Map(record.devices),
    shares: new Map(record.shares),
    revocations: new Map(record.revocations),
    keyHolders: new Map(record.keyHolders),
  };
  const taken: Statement[] = [];
  for (const entry of untrusted) {
    const statement = parseStatement(entry);
    if ('problem' in statement || !isNews(next, statement, signers) || !isSigned(statement, signers))
      continue;
    put(next, statement);
    taken.push(statement);
  }
  return { record: taken.length === 0 ? record : next, taken };
}

interface Maps {
  readonly devices: Map<DeviceId, DeviceStatement>;
  readonly shares: Map<UserId, ShareStatement>;
  readonly revocations: Map<string, RevocationStatement>;
  readonly keyHolders: Map<DeviceId, KeyHolderStatement>;
}

function isNews(record: DirectoryRecord, statement: Statement, signers: Signers): boolean {
  if (isAbout(statement, 'device'))
    return counts(statement, record.devices, statement.payload.deviceId, MAX_OWN_DEVICES);
  if (isAbout(statement, 'share'))
    return counts(statement, record.shares, statement.payload.peerUserId, MAX_SHARES);
  if (isAbout(statement, 'key-holder'))
    return !record.keyHolders.has(statement.payload.deviceId) && record.keyHolders.size < MAX_OWN_DEVICES;
  return !record.revocations.has(statement.id) && hasRoom(record, statement.by, signers);
}

/** Of another user's CA never more than are left for all others, so that none takes the room of the rest. */
function hasRoom({ revocations }: DirectoryRecord, ca: UserId, { ownUserId }: Signers): boolean {
  const all = [...revocations.values()];
  const ofSame = all.filter(({ by }) => by === ca).length;
  if (ca === ownUserId) return ofSame < MAX_REVOCATIONS_PER_CA;
  return ofSame < MAX_OTHERS_REVOCATIONS - all.filter(({ by }) => by !== ownUserId).length;
}

function counts<Key, Kind extends DevicePayload | SharePayload>(
  statement: Statement<Kind>,
  known: ReadonlyMap<Key, Statement<Kind>>,
  key: Key,
  most: number,
): boolean {
  const before = known.get(key);
  return before === undefined ? known.size < most : supersedes(statement, before);
}

type Counted = Statement<DevicePayload | SharePayload>;

/** The higher counter counts, and of equal ones the greater hash, on every device the same. */
const supersedes = (one: Counted, other: Counted): boolean =>
  one.payload.counter === other.payload.counter
    ? one.id > other.id
    : one.payload.counter > other.payload.counter;

function isSigned(statement: Statement, { own, ownUserId, others }: Signers): boolean {
  if (statement.by === ownUserId) return verifyStatement(statement, own);
  const other = isAbout(statement, 'revocation') ? others.get(statement.by) : undefined;
  return other !== undefined && verifyStatement(statement, other);
}

function put(maps: Maps, statement: Statement): void {
  if (isAbout(statement, 'device')) maps.devices.set(statement.payload.deviceId, statement);
  if (isAbout(statement, 'share')) maps.shares.set(statement.payload.peerUserId, statement);
  if (isAbout(statement, 'revocation')) maps.revocations.set(statement.id, statement);
  if (isAbout(statement, 'key-holder')) maps.keyHolders.set(statement.payload.deviceId, statement);
}

/** All of it, as one list. */
export const statementsOf = ({ devices, shares, revocations, keyHolders }: DirectoryRecord): Statement[] => [
  ...revocations.values(),
  ...keyHolders.values(),
  ...devices.values(),
  ...shares.values(),
];

/** Whether this CA has revoked the device. */
export const isRevokedBy = ({ revocations }: DirectoryRecord, ca: UserId, device: DeviceId): boolean =>
  [...revocations.values()].some(({ by, payload }) => by === ca && payload.deviceId === device);

/** What a new statement about this device or share must count to hold. */
export const nextCounter = (before: Counted | undefined): number => (before?.payload.counter ?? 0) + 1;

/** Whether the CA of this record ever signed for anyone but `device`. */
export const hasSignedOthers = ({ devices, shares }: DirectoryRecord, device: DeviceId): boolean =>
  shares.size > 0 || [...devices.keys()].some((id) => id !== device);
