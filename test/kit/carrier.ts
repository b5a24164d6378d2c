// Two launchers with a fake gateway between them: it carries what they say, or changes it. What a gateway that was taken
// over could do, without one.
import { randomBytes } from 'node:crypto';
import type { UserId } from '../../dist/core/ids.js';
import { encodeDbase32 } from '../../dist/core/dbase32.js';
import type { PairControl, PairEvent } from '../../dist/agent/pairing/control.js';
import {
  formatLauncherMessage,
  parseLauncherMessage,
  type LauncherMessage,
} from '../../dist/core/pairing/launcher/messages.js';
import { createTalk, type Compare, type Talk, type Teller } from '../../dist/agent/pairing/talk.js';

/** The side that made the offer, and the side that takes it. */
export type Side = 'offerer' | 'taker';

/** What comes out at the other side instead: nothing, one, or several. */
export type Swap = (from: Side, message: LauncherMessage, carrier: Carrier) => readonly LauncherMessage[];

export interface Carrier {
  readonly control: Readonly<Record<Side, PairControl>>;
  /** Says this to a side, as if the other had. */
  say(to: Side, message: LauncherMessage): void;
  /** Everything that was carried, as it came. */
  readonly heard: readonly { readonly from: Side; readonly message: LauncherMessage }[];
}

export interface CarrierPlan {
  /** What each side is told of the other's user. */
  readonly users: Readonly<Record<Side, UserId | null>>;
  readonly swap?: Swap;
  /** Of the other side's clock, as each is told it. */
  readonly time?: Date;
}

const OTHER = { offerer: 'taker', taker: 'offerer' } as const;
const newRun = (): string => encodeDbase32(randomBytes(10));

export function createCarrier({ users, swap, time = new Date() }: CarrierPlan): Carrier {
  const listeners: Record<Side, Set<(event: PairEvent) => void>> = { offerer: new Set(), taker: new Set() };
  const runs: Record<Side, string> = { offerer: newRun(), taker: newRun() };
  const heard: { from: Side; message: LauncherMessage }[] = [];
  const tell = (to: Side, event: PairEvent): void => listeners[to].forEach((listener) => listener(event));
  const prove = (): void => {
    for (const side of ['offerer', 'taker'] as const) {
      const label = `the ${OTHER[side]}`;
      const event = { event: 'pair-proved', run: runs[side], label, time: time.toISOString() } as const;
      tell(side, { ...event, userId: users[side] });
    }
  };
  const say = (to: Side, message: LauncherMessage): void => {
    const data = formatLauncherMessage(message);
    tell(to, { event: 'pair-data', time: time.toISOString(), run: runs[to], data });
  };
  const carry = (from: Side, base64: string): void => {
    const message = parseLauncherMessage(Buffer.from(base64, 'base64url'));
    if (message === null) throw new Error('a launcher said what is no message');
    heard.push({ from, message });
    for (const one of swap?.(from, message, carrier) ?? [message]) say(OTHER[from], one);
  };
  const controlOf = (side: Side): PairControl => ({
    onEvent(listener) {
      listeners[side].add(listener);
      return () => void listeners[side].delete(listener);
    },
    call(method, params) {
      if (method === 'pair-send') carry(side, (params as { data: string }).data);
      if (method === 'pair-cancel')
        tell(OTHER[side], {
          event: 'pair-ended',
          time: time.toISOString(),
          run: runs[OTHER[side]],
          reason: 'left',
        });
      // The code is proved as soon as both are there.
      if (method === 'pair-join') setImmediate(prove);
      return Promise.resolve({ run: runs[side], offer: runs[side], listeners: [] });
    },
  });
  const carrier: Carrier = {
    control: { offerer: controlOf('offerer'), taker: controlOf('taker') },
    say,
    heard,
  };
  return carrier;
}

export interface TestPerson {
  readonly talk: Talk & Teller;
  /** What this person was asked to compare. */
  readonly compare: Promise<Compare>;
  answer(yes: boolean): void;
}

export function createPerson(): TestPerson {
  const talk = createTalk(null);
  const compare = (async () => {
    for (let seen = 0; ;) {
      const messages = await talk.next(seen);
      seen += messages.length;
      for (const message of messages) {
        if (message.event === 'compare') return message;
        if (message.event === 'ended') throw new Error(`nothing was asked: ${message.outcome}`);
      }
    }
  })();
  // Who is asked nothing need not be waited for.
  compare.catch(() => undefined);
  return { talk, compare, answer: (yes) => void talk.answer({ yes }) };
}
