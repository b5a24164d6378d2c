// What the holder of the user CA key says in the directory. Each takes the opened CA, so that who calls has asked for
// it, and resolves when the statement is stored and holds here.
import { createPublicKey } from 'node:crypto';
import { spkiOf } from '../../adapters/pki/keys.js';
import { signStatement } from '../../adapters/pki/sign-statement.js';
import { issueLeaf, type UserCa } from '../../adapters/pki/user-ca.js';
import { nextCounter } from '../../core/directory/record.js';
import { dueForRenewal } from '../../core/directory/renewal.js';
import type { DeviceId, UserId } from '../../core/ids.js';
import type { Payload, SharePayload, StatementDocument } from '../../core/statements.js';
import { Failure } from '../cli/failure.js';
import type { Directory } from './directory.js';

export interface SignContext {
  readonly directory: Directory;
  readonly ca: UserCa;
  readonly now: Date;
}

export interface DeviceFacts {
  readonly deviceId: DeviceId;
  readonly name: string;
  /** PEM. */
  readonly leaf: string;
}

/** A device as it is from now on. */
export const signDevice = (
  { directory, ca, now }: SignContext,
  facts: DeviceFacts,
): Promise<StatementDocument> =>
  say(
    { directory, ca, now },
    {
      type: 'device',
      ...envelope(ca, now),
      ...facts,
      counter: nextCounter(directory.local().record.devices.get(facts.deviceId)),
    },
  );

export const signRevocation = (context: SignContext, deviceId: DeviceId): Promise<StatementDocument> =>
  say(context, { type: 'revocation', ...envelope(context.ca, context.now), deviceId });

/** From then on every own device knows that revoking this one means a new user CA. Said once. */
export async function signKeyHolder(context: SignContext, deviceId: DeviceId): Promise<void> {
  const { directory, ca, now } = context;
  if (directory.local().record.keyHolders.has(deviceId)) return;
  await say(context, { type: 'key-holder', ...envelope(ca, now), deviceId });
}

export interface ShareFacts {
  readonly peerUserId: UserId;
  /** PEM of the other user's CA. */
  readonly ca: string;
  /** What the other user's devices may reach here; none ends the share. */
  readonly databases: SharePayload['databases'];
}

export const signShare = (
  { directory, ca, now }: SignContext,
  facts: ShareFacts,
): Promise<StatementDocument> =>
  say(
    { directory, ca, now },
    {
      type: 'share',
      ...envelope(ca, now),
      ...facts,
      counter: nextCounter(directory.local().record.shares.get(facts.peerUserId)),
    },
  );

/** Signs new leaves, for the same keys, of all devices whose third part of life has begun. */
export async function renewDue(context: SignContext): Promise<readonly DeviceFacts[]> {
  const { directory, ca, now } = context;
  const renewed: DeviceFacts[] = [];
  for (const { payload } of dueForRenewal(directory.local().record, ca.userId, now)) {
    const publicKey = spkiOf(createPublicKey(payload.leaf));
    const facts = {
      deviceId: payload.deviceId,
      name: payload.name,
      leaf: issueLeaf({ ca, publicKey, now }),
    };
    await signDevice(context, facts);
    renewed.push(facts);
  }
  return renewed;
}

const envelope = ({ userId }: UserCa, now: Date) => ({ userId, time: now.toISOString() });

async function say({ directory, ca }: SignContext, payload: Payload): Promise<StatementDocument> {
  const document = signStatement(payload, ca);
  const taken = await directory.learn([document]);
  if (taken.length === 1) return document;
  throw new Failure('unavailable', 'not-kept', 'there are too many statements of this kind already');
}
