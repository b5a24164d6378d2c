// Whether a peer lets this device in no more, as far as it shows from here: whoever refuses says nothing, by design.
// Pure, and never certain.
import { MAX_DIALS_AT_ONCE } from './reconnect.js';

/** How a dial ended. */
export interface DialEnd {
  /** The device that was dialled showed its leaf: it is there, and nobody else can pretend that. */
  readonly wasRightLeaf: boolean;
  /** What failed, by its code. */
  readonly code: string;
}

/** The other side reset or closed the connection, before it answered anything. */
const ENDED_THERE = new Set(['ECONNRESET', 'EPIPE', 'closed']);

/**
 * A device that stops ends connections in the same way: at most those that were dialled at once, for then its port is
 * closed, and a dial that fails otherwise begins the row anew. One more is no stop; and the waits between make it last
 * longer than a restart.
 */
const TURNED_AWAY_AFTER = MAX_DIALS_AT_ONCE + 1;

/** How many dials of an address in a row its device ended: after `before`, and one more. */
export const countTurns = (before: number, { wasRightLeaf, code }: DialEnd): number =>
  wasRightLeaf && ENDED_THERE.has(code) ? before + 1 : 0;

export const isTurnedAway = (turnsInARow: number): boolean => turnsInARow >= TURNED_AWAY_AFTER;
