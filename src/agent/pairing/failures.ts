// How a pairing that came to nothing is told: what it was, and what to do. Two tables, total over what can happen.
import type { PairEndReason } from '../../core/control/pairing.js';
import type { Outcome } from '../../core/pairing/launcher/launcher.js';
import { Failure, type ExitName } from '../cli/failure.js';
import { cleanText } from '../gateway-events.js';
import type { Ended } from './talk.js';

type Words = readonly [exit: ExitName, message: string, hint?: string];

const ANEW = 'Make a new code on the other device, and try again.';
const IN_BETWEEN = 'Try again with a new code, with no one else on the cable or in the Wi-Fi.';

const REASONS = {
  cancelled: ['unavailable', 'it was stopped'],
  left: ['unavailable', 'the other device ended it', ANEW],
  expired: ['unavailable', 'the code has expired: one is good for five minutes', ANEW],
  spent: [
    'unavailable',
    'the code is spent: it was tried wrongly three times',
    `If that was not you, someone else is on the link. ${ANEW}`,
  ],
  'wrong-code': [
    'data',
    'the code is wrong',
    'Look at it again, and run this again: three wrong ones spend it.',
  ],
  unproved: ['unavailable', 'the other side does not know the code: it may be someone else', IN_BETWEEN],
  'other-kind': [
    'data',
    'the other device offers something else',
    '`join` goes with `pair`, and `accept` with `share`.',
  ],
  'other-version': ['unavailable', 'the other device speaks another version', 'Update the older one.'],
  busy: ['unavailable', 'the other device is busy with another try', 'Wait a moment, and try again.'],
  unreachable: ['unavailable', 'the other device cannot be reached', 'Is the cable plugged in?'],
  lost: ['unavailable', 'the connection broke', 'Plug the cable in, and try again with the same code.'],
  timeout: ['unavailable', 'the other device took too long', ANEW],
  protocol: ['unavailable', 'the other device said something that makes no sense', ANEW],
} as const satisfies Record<PairEndReason, Words>;

const OUTCOMES = {
  'refused-here': ['declined', 'you said no: nothing was changed'],
  'refused-there': [
    'unavailable',
    'the other side said no, or could not go on: nothing was changed',
    'The other screen says why.',
  ],
  clocks: [
    'unavailable',
    'the clocks of the two devices are more than 12 hours apart',
    'Set the wrong one: timedatectl.',
  ],
  malformed: ['unavailable', 'the other device said something that makes no sense', ANEW],
  commitment: ['unavailable', 'something was changed on the way: someone may be in between', IN_BETWEEN],
  csr: [
    'unavailable',
    'the other device may not be added: it was revoked, or it asks for what is not its own',
    'A device that was revoked needs a new key: move its identity away first.',
  ],
  ca: [
    'unavailable',
    'the other device shows a user CA that does not hold',
    'Look at the dates of both devices.',
  ],
  leaf: ['unavailable', 'the other device gave a certificate that is not the one agreed on', IN_BETWEEN],
  failed: ['software', 'it could not be done here'],
  unacknowledged: [
    'unavailable',
    'it broke off at the very end: the other side may have it or not',
    'See `patchcord devices` on both.',
  ],
} as const satisfies Record<Exclude<Outcome, 'done' | 'ended'>, Words>;

/** With the code `pair-…`; a problem of this device has its own. */
export function failureOf(
  { outcome, reason, clocks }: Ended,
  problem: { readonly code: string; readonly message: string; readonly hint: string | null } | null,
): Failure {
  if (outcome === 'failed' && problem !== null)
    return new Failure('unavailable', problem.code, problem.message, hintOf(problem.hint));
  if (outcome === 'ended' || outcome === 'done')
    return fromWords(reason ?? 'lost', REASONS[reason ?? 'lost']);
  const failure = OUTCOMES[outcome];
  if (clocks === null) return fromWords(outcome, failure);
  const times = `Here it is ${clocks.here}, there ${cleanText(clocks.there)}.`;
  return new Failure(failure[0], `pair-${outcome}`, failure[1], { hint: `${times} ${failure[2] ?? ''}` });
}

const fromWords = (code: string, [exit, message, hint]: Words): Failure =>
  new Failure(exit, `pair-${code}`, message, hintOf(hint ?? null));

const hintOf = (hint: string | null): { hint?: string } => (hint === null ? {} : { hint });
