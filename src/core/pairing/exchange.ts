// One side of one connection of a run, as a pure state machine: events in, effects out, told the time. First the
// handshake, then sealed messages; whatever comes out of turn ends it. Randomness and the channel come in.
import type { PairEndReason } from '../control/pairing.js';
import type { ExchangeEffect, ExchangeEvent, ExchangeOptions } from './exchange-words.js';
import { beginHandshake, type Expected, type HandshakeStep, type Proof } from './handshake.js';
import { createSeals, type Seals } from './seal.js';
import {
  formatWireMessage,
  parseWireMessage,
  type SealedMessage,
  type SealedType,
  type WireMessage,
} from './wire.js';

/** How long a message may take, from the one before it. */
export const MESSAGE_MS = 10_000;
/** How often each side says, after the proof, that it is still there. */
export const WAIT_MS = 5000;
/** What the other side may say after the proof, its signs of life included: two a second for the longest offer. */
export const MAX_SEALED_MESSAGES = 600;

export interface Exchange {
  on(event: ExchangeEvent, now: number): readonly ExchangeEffect[];
  /** When `time` is to be told next; Infinity for never. */
  nextAt(): number;
  readonly isProved: () => boolean;
}

/** What a sealed `end` says. */
const ENDS = ['left', 'expired'] as const;

export function createExchange(options: ExchangeOptions): Exchange {
  let expected: Expected | null = null;
  let seals: Seals | null = null;
  let isOver = false;
  let received = 0;
  let heardBy = options.startedAt + MESSAGE_MS;
  let waitAt = Infinity;

  function take({ say, then }: HandshakeStep, now: number): ExchangeEffect[] {
    const effects = say.map(frameOf);
    if ('end' in then) return [...effects, ...end(then.end)];
    if ('proof' in then) return [...effects, prove(then.proof, now)];
    expected = then.expect;
    return effects;
  }

  function prove({ isk, sid, other }: Proof, now: number): ExchangeEffect {
    expected = null;
    seals = createSeals(isk, sid, options.side);
    waitAt = now + WAIT_MS;
    return { do: 'proved', label: other.label, time: other.time, userId: other.userId };
  }

  function end(reason: PairEndReason): ExchangeEffect[] {
    isOver = true;
    heardBy = waitAt = Infinity;
    return [{ do: 'end', reason }];
  }

  /** Tells the other side why, where it can be told. */
  function leave(reason: PairEndReason): ExchangeEffect[] {
    const said = reason === 'expired' ? 'expired' : 'left';
    if (seals !== null) return [sealedFrame(seals, 'end', Buffer.from(said)), ...end(reason)];
    const refusal: ExchangeEffect[] =
      options.side === 'B' && said === 'expired' ? [frameOf({ type: 'refuse', reason: said })] : [];
    return [...refusal, ...end(reason)];
  }

  function onFrame(json: Uint8Array | null, now: number): ExchangeEffect[] {
    const message = json && parseWireMessage(json);
    if (message === null) return end('protocol');
    heardBy = now + MESSAGE_MS;
    if (seals !== null) return 'box' in message ? onSealed(seals, message) : end('protocol');
    // The entry of a type takes messages of that type.
    const entry = expected?.[message.type] as ((of: WireMessage) => HandshakeStep) | undefined;
    return entry === undefined ? end('protocol') : take(entry(message), now);
  }

  function onSealed(open: Seals, { type, number, box }: SealedMessage): ExchangeEffect[] {
    received += 1;
    const plain = received > MAX_SEALED_MESSAGES ? null : open.open(type, { number, box });
    if (plain === null) return end('protocol');
    if (type === 'data') return [{ do: 'data', data: plain }];
    if (type === 'wait') return plain.length === 0 ? [] : end('protocol');
    const said = Buffer.from(plain).toString();
    return end(ENDS.find((reason) => reason === said) ?? 'protocol');
  }

  function onTime(now: number): ExchangeEffect[] {
    if (now >= options.expiresAt) return leave('expired');
    if (now >= heardBy) return end('timeout');
    if (seals === null || now < waitAt) return [];
    waitAt = now + WAIT_MS;
    return [sealedFrame(seals, 'wait', new Uint8Array())];
  }

  return {
    on(event, now) {
      if (isOver) return [];
      switch (event.event) {
        case 'start':
          return take(beginHandshake(options), now);
        case 'frame':
          return onFrame(event.json, now);
        case 'closed':
          return end('lost');
        case 'time':
          return onTime(now);
        case 'send':
          return seals === null ? [] : [sealedFrame(seals, 'data', event.data)];
        case 'cancel':
          return leave('cancelled');
      }
    },
    nextAt: () => (isOver ? Infinity : Math.min(heardBy, waitAt, options.expiresAt)),
    isProved: () => seals !== null,
  };
}

const frameOf = (message: WireMessage): ExchangeEffect => ({
  do: 'frame',
  frame: formatWireMessage(message),
});

const sealedFrame = (seals: Seals, type: SealedType, plain: Uint8Array): ExchangeEffect =>
  frameOf({ type, ...seals.seal(type, plain) });
