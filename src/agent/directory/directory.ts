// The directory as this device has it: learns statements, stores them, and only then tells that they hold. The one
// owner of the record while it is open.
import { createPublicKey, type KeyObject } from 'node:crypto';
import { learnStatements, type DirectoryRecord } from '../../core/directory/record.js';
import { userIdOf, type DeviceId, type UserId } from '../../core/ids.js';
import type { Statement } from '../../core/statements.js';
import type { Identity } from '../home/identity.js';
import type { Paths } from '../home/paths.js';
import { readRecord, writeRecord, type LocalRecord } from './record-file.js';

export interface Directory {
  readonly userId: UserId;
  local(): LocalRecord;
  /** Takes of these what counts, whoever brought them; resolves with that, when it is stored and others have acted on it. */
  learn(untrusted: readonly unknown[]): Promise<readonly Statement[]>;
  /** This device denies that one, whatever its leaf. */
  deny(device: DeviceId): Promise<void>;
}

export interface DirectoryOptions {
  readonly paths: Paths;
  readonly identity: Pick<Identity, 'userId' | 'caPem'>;
  /** Of the configuration: their revocations count too. */
  readonly configuredCas: Readonly<Record<string, string>>;
  /** Runs after each change was stored, and whoever made the change waits for it. */
  readonly onChange: (taken: readonly Statement[]) => Promise<void>;
}

export async function openDirectory(options: DirectoryOptions): Promise<Directory> {
  const { paths, configuredCas, onChange } = options;
  const { userId, caPem } = options.identity;
  const own = createPublicKey(caPem);
  let local = await readRecord(paths, userId);
  let last: Promise<unknown> = Promise.resolve();

  const store = async (next: LocalRecord, taken: readonly Statement[] = []): Promise<void> => {
    await writeRecord(paths, userId, next);
    local = next;
    await onChange(taken);
  };
  /** One change after the other. */
  const inTurn = <Result>(change: () => Promise<Result>): Promise<Result> => {
    const result = last.then(change);
    last = result.catch(() => undefined);
    return result;
  };

  return {
    userId,
    local: () => local,
    learn: (untrusted) =>
      inTurn(async () => {
        const signers = { own, ownUserId: userId, others: othersOf(local.record, configuredCas) };
        const { record, taken } = learnStatements(local.record, untrusted, signers);
        if (taken.length > 0) await store({ ...local, record }, taken);
        return taken;
      }),
    deny: (device) => inTurn(() => store({ ...local, denied: new Set([...local.denied, device]) })),
  };
}

/** The CAs of users one shares with or has shared with, and of the configuration. */
function othersOf(
  { shares }: DirectoryRecord,
  configured: Readonly<Record<string, string>>,
): ReadonlyMap<UserId, KeyObject> {
  const pems = [...Object.values(configured), ...[...shares.values()].map(({ payload }) => payload.ca)];
  return new Map(
    pems.map((pem) => {
      const key = createPublicKey(pem);
      return [userIdOf(key.export({ type: 'spki', format: 'der' })), key];
    }),
  );
}
