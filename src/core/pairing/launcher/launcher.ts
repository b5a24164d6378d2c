// The launcher's part of a run, as a pure state machine: events in, effects out. What may come now is a table, and what
// comes next is returned by its entries; whatever the other side says that is not in the table ends the run.
import type { PairEndReason } from '../../control/pairing.js';
import type { DeviceId, UserId } from '../../ids.js';
import type { Grant, SharedDatabase, UserCaCertificate } from './grant.js';
import {
  formatLauncherMessage,
  parseLauncherMessage,
  type IssuedLeaf,
  type LauncherMessage,
  type MessageOf,
  type MessageType,
} from './messages.js';

/** Further apart than this, one of the clocks has to be mended before anything is signed. */
export const MAX_CLOCK_DIFFERENCE_MS = 12 * 3600 * 1000;

export interface Proved {
  readonly event: 'proved';
  /** From `pair-proved`. */
  readonly label: string;
  readonly time: Date;
  readonly userId: UserId | null;
  /** The own clock. */
  readonly now: Date;
}

export type LauncherEvent =
  | Proved
  /** From `pair-data`. */
  | { readonly event: 'data'; readonly data: Uint8Array }
  /** The own person compared the digits, or did not. */
  | { readonly event: 'answered'; readonly yes: boolean }
  /** `sign` was done. */
  | { readonly event: 'signed'; readonly issued: IssuedLeaf }
  /** `store` or `grant` was done, and is on the disk. */
  | { readonly event: 'stored' }
  /** `sign`, `store` or `grant` could not be done. */
  | { readonly event: 'failed' }
  /** From `pair-ended`. */
  | { readonly event: 'ended'; readonly reason: PairEndReason };

/** What a person is to be asked, beside the digits and the other's name. */
export type Question =
  | { readonly about: 'device'; readonly deviceId: DeviceId }
  | { readonly about: 'user'; readonly userId: UserId }
  | {
      readonly about: 'share';
      readonly userId: UserId;
      readonly mine: readonly SharedDatabase[];
      readonly theirs: readonly SharedDatabase[];
    };

export type LauncherEffect =
  /** By `pair-send`. */
  | { readonly do: 'send'; readonly data: Uint8Array }
  /** Both people at once; answered by `answered`. */
  | { readonly do: 'ask'; readonly digits: string; readonly label: string; readonly question: Question }
  /** Sign a leaf for this key, and nothing else of the CSR; answered by `signed`. */
  | {
      readonly do: 'sign';
      readonly csr: Uint8Array;
      readonly deviceId: DeviceId;
      readonly label: string;
    }
  /** Keep the leaf and the user CA; answered by `stored`. */
  | { readonly do: 'store'; readonly issued: IssuedLeaf; readonly ca: UserCaCertificate }
  /** Sign and keep that the own list, and nothing that was said, is shared with this user; answered by `stored`. */
  | {
      readonly do: 'grant';
      readonly label: string;
      readonly theirs: Grant;
      readonly mine: readonly SharedDatabase[];
    }
  /** The last one. `pair-cancel`, where the run has not ended yet. */
  | { readonly do: 'end'; readonly outcome: Outcome; readonly reason: PairEndReason | null };

/** How a run came out, each with its sentence. */
export const OUTCOMES = {
  done: 'both sides have what they came for',
  'refused-here': 'the own person said no',
  'refused-there': 'the other person said no, or the other launcher could not go on',
  clocks: 'the clocks of the two devices are more than 12 hours apart',
  malformed: 'the other launcher said something malformed or out of turn',
  commitment: 'what was opened is not what had been committed to: someone may be in between',
  csr: 'the request of the new device can not be signed',
  ca: 'the certificate of the other user is no user CA that holds now, or of another user than was said',
  leaf: 'the leaf that came is not for the own key, or not by the user CA that was agreed on',
  failed: 'signing or storing failed here',
  ended: 'the run ended before anything was signed or stored here: `reason` says why',
  unacknowledged: 'it was signed or stored here, but the run ended before the other side said so too',
} as const satisfies Record<string, string>;
export type Outcome = keyof typeof OUTCOMES;

/** What may come now, and what it leads to. */
export interface Expected {
  readonly proved?: (proved: Proved) => Step;
  readonly message?: { readonly [Type in MessageType]?: (message: MessageOf<Type>) => Step };
  readonly answered?: (yes: boolean) => Step;
  readonly signed?: (issued: IssuedLeaf) => Step;
  readonly stored?: () => Step;
  /** Something was signed or stored here, and the other side has not said that it has its part. */
  readonly isInDoubt?: true;
}

export interface Step {
  readonly effects: readonly LauncherEffect[];
  /** Null at the end. */
  readonly next: Expected | null;
}

export const go = (next: Expected, ...effects: readonly LauncherEffect[]): Step => ({ effects, next });
export const send = (message: LauncherMessage): LauncherEffect => ({
  do: 'send',
  data: formatLauncherMessage(message),
});
export const end = (outcome: Outcome, reason: PairEndReason | null = null): Step => ({
  effects: [{ do: 'end', outcome, reason }],
  next: null,
});
/** `step`, with something to be done before. */
export const after = (effect: LauncherEffect, { effects, next }: Step): Step => ({
  effects: [effect, ...effects],
  next,
});
/** Ends it, and says no to the other side. */
export const refuse = (outcome: Outcome): Step => after(send({ type: 'no' }), end(outcome));

/** Whether the two clocks are near enough for dates to be signed. */
export const areClocksNear = ({ time, now }: Proved): boolean =>
  Math.abs(time.getTime() - now.getTime()) <= MAX_CLOCK_DIFFERENCE_MS;

export interface Launcher {
  /** What is to be done now, in this order. Nothing after the end. */
  on(event: LauncherEvent): readonly LauncherEffect[];
}

export function createLauncher(first: Expected): Launcher {
  let expected: Expected | null = first;
  return {
    on(event) {
      if (expected === null) return [];
      const step = react(expected, event);
      if (step === null) return [];
      expected = step.next;
      return step.effects;
    },
  };
}

/** Null for what this side's own parts say too late, or twice. */
function react(expected: Expected, event: LauncherEvent): Step | null {
  switch (event.event) {
    case 'proved':
      return expected.proved?.(event) ?? null;
    case 'data':
      return reactToData(expected, event.data);
    case 'answered':
      return expected.answered?.(event.yes) ?? null;
    case 'signed':
      return expected.signed?.(event.issued) ?? null;
    case 'stored':
      return expected.stored?.() ?? null;
    case 'failed':
      return expected.signed === undefined && expected.stored === undefined ? null : refuse('failed');
    case 'ended':
      return end(expected.isInDoubt ? 'unacknowledged' : 'ended', event.reason);
  }
}

function reactToData({ message: entries, isInDoubt }: Expected, data: Uint8Array): Step {
  const message = parseLauncherMessage(data);
  if (message?.type === 'no') return end(isInDoubt ? 'unacknowledged' : 'refused-there');
  // The entry of a type takes messages of that type.
  const entry = message && (entries?.[message.type] as ((of: LauncherMessage) => Step) | undefined);
  return message && entry ? entry(message) : refuse(isInDoubt ? 'unacknowledged' : 'malformed');
}
