// The record on disk: every statement that counts for this device, and what only it knows. Written whole before
// anything is done by it; a file that cannot be read stops the start, since a lost revocation would let someone in.
import { join } from 'node:path';
import * as v from 'valibot';
import { makePrivateFolder, writeFileAtomic } from '../../adapters/home/atomic-file.js';
import { NotPrivate, readPrivateFile } from '../../adapters/home/private-file.js';
import {
  EMPTY_RECORD,
  statementsOf,
  type DirectoryRecord,
  type RevocationStatement,
} from '../../core/directory/record.js';
import { parseDeviceId, type DeviceId, type UserId } from '../../core/ids.js';
import { formatStatement, isAbout, parseStatement, type Statement } from '../../core/statements.js';
import { Failure } from '../cli/failure.js';
import type { Paths } from '../home/paths.js';

export interface LocalRecord {
  readonly record: DirectoryRecord;
  /** Devices that only this one denies: it had no CA key to revoke them with. */
  readonly denied: ReadonlySet<DeviceId>;
}

export const EMPTY_LOCAL: LocalRecord = { record: EMPTY_RECORD, denied: new Set() };

const VERSION = 1;
const DEVICE_ID = v.custom<DeviceId>((value) => typeof value === 'string' && parseDeviceId(value) !== null);
const FILE = v.strictObject({
  version: v.literal(VERSION),
  statements: v.array(v.unknown()),
  denied: v.array(DEVICE_ID),
});

export const recordPath = ({ directory }: Pick<Paths, 'directory'>, userId: UserId): string =>
  join(directory, `${userId}.json`);

/** What was stored, an empty record where nothing was. Whether its statements are signed was asked when they came. */
export async function readRecord(paths: Paths, userId: UserId): Promise<LocalRecord> {
  const path = recordPath(paths, userId);
  const text = await readPrivateFile(path).catch((error: unknown) => {
    if (!(error instanceof NotPrivate)) throw error;
    throw new Failure('config', 'wrong-mode', `${path} can be read by others`, {
      hint: `Run: chmod 600 ${path}`,
    });
  });
  if (text === null) return EMPTY_LOCAL;
  const file = v.safeParse(FILE, parseJson(text));
  if (!file.success) throw broken(path);
  const statements = file.output.statements.map((entry) => {
    const statement = parseStatement(entry);
    if ('problem' in statement) throw broken(path);
    return statement;
  });
  return { record: recordOf(statements), denied: new Set(file.output.denied) };
}

const broken = (path: string): Failure =>
  new Failure('config', 'directory-record', `${path} cannot be read: who is revoked stands in it`, {
    hint: 'Bring it back from a backup. Without one, revoke again whom you revoked, after moving it away.',
  });

function recordOf(statements: readonly Statement[]): DirectoryRecord {
  const only = <Kind extends Statement>(is: (one: Statement) => one is Kind): Kind[] => statements.filter(is);
  const devices = only((one) => isAbout(one, 'device'));
  const shares = only((one) => isAbout(one, 'share'));
  const revocations: RevocationStatement[] = only((one) => isAbout(one, 'revocation'));
  const keyHolders = only((one) => isAbout(one, 'key-holder'));
  return {
    devices: new Map(devices.map((one) => [one.payload.deviceId, one])),
    shares: new Map(shares.map((one) => [one.payload.peerUserId, one])),
    revocations: new Map(revocations.map((one) => [one.id, one])),
    keyHolders: new Map(keyHolders.map((one) => [one.payload.deviceId, one])),
  };
}

export async function writeRecord(paths: Paths, userId: UserId, local: LocalRecord): Promise<void> {
  await makePrivateFolder(paths.directory);
  const file: v.InferOutput<typeof FILE> = {
    version: VERSION,
    statements: statementsOf(local.record).map(formatStatement),
    denied: [...local.denied],
  };
  await writeFileAtomic(recordPath(paths, userId), `${JSON.stringify(file)}\n`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
