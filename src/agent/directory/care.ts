// What an `up` does about certificates by itself: its own entry in the directory, new leaves for devices whose time is
// near where the CA key is here, taking a new leaf of its own, and warnings. No one asks, nothing listens.
import type { DeviceId } from '../../core/ids.js';
import { isRevokedBy } from '../../core/directory/record.js';
import { datesOf, daysLeft, dueForRenewal, isEnding, renewedLeaf } from '../../core/directory/renewal.js';
import { PkiError } from '../../adapters/pki/keys.js';
import { caKeyKind, openUserCa } from '../home/ca-key.js';
import type { Paths } from '../home/paths.js';
import type { DirectoryEvent } from './events.js';
import type { Membership } from './membership.js';
import { renewDue, signDevice, signKeyHolder, type SignContext } from './sign.js';

export interface CareOptions {
  readonly paths: Paths;
  readonly membership: Membership;
  /** Of this device, where the directory has none yet. */
  readonly name: string;
  readonly now: () => Date;
  readonly tell: (event: DirectoryEvent) => void;
}

export interface Care {
  close(): Promise<void>;
}

const INTERVAL_MS = 3_600_000;
/** Warnings come once a day. */
const WARN_EVERY_MS = 24 * 3_600_000;

/** Looks at once, and resolves then; from then on every hour. */
export async function startCare(options: CareOptions): Promise<Care> {
  const { membership, now, tell } = options;
  let warnedAt = Number.NEGATIVE_INFINITY;
  membership.onChange(async () => {
    const notAfter = await adoptRenewed(membership, now());
    const { deviceId } = membership.identity();
    if (notAfter !== null) tell({ event: 'leaf-renewed', deviceId, notAfter: notAfter.toISOString() });
  });

  async function look(): Promise<void> {
    await sign(options);
    await adoptRenewed(membership, now());
    if (now().getTime() - warnedAt < WARN_EVERY_MS) return;
    const warnings = warningsOf(membership, now());
    for (const warning of warnings) tell(warning);
    if (warnings.length > 0) warnedAt = now().getTime();
  }

  let current = look();
  await current;
  const timer = setInterval(() => void (current = current.then(look)), INTERVAL_MS);
  return {
    close() {
      clearInterval(timer);
      return current;
    },
  };
}

async function sign({ paths, membership, name, now, tell }: CareOptions): Promise<void> {
  const { record } = membership.directory().local();
  const { userId, deviceId, certPem } = membership.identity();
  const isNew = !record.devices.has(deviceId);
  const isDue = isNew || dueForRenewal(record, userId, now()).length > 0;
  if (!isDue && record.keyHolders.has(deviceId)) return;
  const kind = await caKeyKind(paths);
  if (kind === 'encrypted' && isDue) tell({ event: 'ca-key-locked' });
  if (kind !== 'plain') return;
  const ca = await openUserCa(paths, membership.identity(), null);
  const context: SignContext = { directory: membership.directory(), ca, now: now() };
  if (isNew) await signDevice(context, { deviceId, name, leaf: certPem });
  await signKeyHolder(context, deviceId);
  try {
    for (const { deviceId: id, leaf } of await renewDue(context))
      if (id !== deviceId)
        tell({ event: 'leaf-renewed', deviceId: id, notAfter: datesOf(leaf).notAfter.toISOString() });
  } catch (error) {
    // The CA itself has ended, or the clock is wrong: the leaves' own warnings say the rest.
    if (!(error instanceof PkiError)) throw error;
  }
}

/** Takes the leaf that the directory has for this device, where it is a better one; resolves with its end. */
export async function adoptRenewed(membership: Membership, now: Date): Promise<Date | null> {
  const identity = membership.identity();
  const statement = membership.directory().local().record.devices.get(identity.deviceId);
  const leaf = renewedLeaf(statement, identity, now);
  if (leaf === null) return null;
  await membership.adoptLeaf(leaf);
  return datesOf(leaf).notAfter;
}

/** The holder of the CA key is told of every device's leaf, the others of their own. */
function warningsOf(membership: Membership, now: Date): DirectoryEvent[] {
  const { userId, deviceId, notAfter } = membership.identity();
  const { record } = membership.directory().local();
  const ends = new Map<DeviceId, { name: string; notAfter: Date }>();
  for (const { payload } of record.devices.values())
    if (!isRevokedBy(record, userId, payload.deviceId))
      ends.set(payload.deviceId, { name: payload.name, notAfter: datesOf(payload.leaf).notAfter });
  ends.set(deviceId, { name: ends.get(deviceId)?.name ?? 'this device', notAfter });
  return [...ends]
    .filter(([, end]) => isEnding(end, now))
    .map(([id, end]) => ({
      event: 'leaf-ending',
      deviceId: id,
      name: end.name,
      days: daysLeft(end, now),
    }));
}
