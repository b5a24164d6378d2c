// The two sides of an exchange, joined by hand, with randomness that a test gives: what each sends is kept until the
// test hands it on, whole, changed, twice or not at all.
import { createHash } from 'node:crypto';
import { parsePairingCode, type PairingCode } from '../../../dist/core/pairing/code.js';
import { scalarOf } from '../../../dist/core/pairing/cpace.js';
import type {
  ExchangeEffect,
  ExchangeEvent,
  ExchangeOptions,
} from '../../../dist/core/pairing/exchange-words.js';
import { createExchange, type Exchange } from '../../../dist/core/pairing/exchange.js';
import { createFrameReader } from '../../../dist/core/pairing/frames.js';
import { parseWireMessage, type WireMessage } from '../../../dist/core/pairing/wire.js';

export const code = parsePairingCode('K7QX-20AB') as PairingCode;
export const otherCode = parsePairingCode('K7QX-20AC') as PairingCode;
export const time = new Date('2026-11-20T12:00:00.000Z');
export const EXPIRES_AT = 300_000;

export const hash = (text: string, algorithm = 'sha256'): Uint8Array =>
  new Uint8Array(createHash(algorithm).update(text).digest());
export const scalarFrom = (text: string): bigint => scalarOf(hash(text, 'sha512'));

export const optionsOf = (side: 'A' | 'B', more: Partial<ExchangeOptions> = {}): ExchangeOptions => ({
  side,
  kind: 'join',
  code,
  label: side === 'A' ? 'camera' : "Ada's laptop",
  userId: null,
  time,
  ci: hash('the channel'),
  nonce: hash(`nonce of ${side}`),
  scalar: scalarFrom(`scalar of ${side}`),
  startedAt: 0,
  expiresAt: EXPIRES_AT,
  ...more,
});

/** The JSON in a frame that a machine made. */
export const jsonOf = (frame: Uint8Array): Uint8Array =>
  createFrameReader().push(frame)?.[0] ?? new Uint8Array();

export interface Side {
  readonly exchange: Exchange;
  readonly done: ExchangeEffect[];
  /** JSON of frames that nobody has taken yet. */
  readonly sent: Uint8Array[];
  tell(event: ExchangeEvent, now?: number): void;
  hear(json: Uint8Array | null, now?: number): void;
  /** Why it ended; null before. */
  reason(): string | null;
  data(): string[];
}

export function createSide(options: ExchangeOptions): Side {
  const exchange = createExchange(options);
  const done: ExchangeEffect[] = [];
  const sent: Uint8Array[] = [];
  const tell = (event: ExchangeEvent, now = 0): void => {
    for (const effect of exchange.on(event, now)) {
      done.push(effect);
      if (effect.do === 'frame') sent.push(jsonOf(effect.frame));
    }
  };
  return {
    exchange,
    done,
    sent,
    tell,
    hear: (json, now) => tell({ event: 'frame', json }, now),
    reason: () => done.find((effect) => effect.do === 'end')?.reason ?? null,
    data: () => done.flatMap((effect) => (effect.do === 'data' ? [Buffer.from(effect.data).toString()] : [])),
  };
}

export interface Pair {
  readonly a: Side;
  readonly b: Side;
}

export function createPair(a: Partial<ExchangeOptions> = {}, b: Partial<ExchangeOptions> = {}): Pair {
  const sides = { a: createSide(optionsOf('A', a)), b: createSide(optionsOf('B', b)) };
  sides.a.tell({ event: 'start' });
  sides.b.tell({ event: 'start' });
  return sides;
}

/** Hands on what was said, both ways, until nothing is left or `stop` says so. */
export function carry({ a, b }: Pair, stop: () => boolean = () => false): void {
  while (a.sent.length + b.sent.length > 0 && !stop()) {
    for (const json of a.sent.splice(0)) b.hear(json);
    for (const json of b.sent.splice(0)) a.hear(json);
  }
}

export function createProved(a: Partial<ExchangeOptions> = {}, b: Partial<ExchangeOptions> = {}): Pair {
  const pair = createPair(a, b);
  carry(pair);
  return pair;
}

/** The message in a frame's JSON; throws for what is none. */
export function messageIn(json: Uint8Array | undefined): WireMessage {
  const message = json && parseWireMessage(json);
  if (!message) throw new Error('no message');
  return message;
}

export const jsonText = (message: object): Uint8Array => new TextEncoder().encode(JSON.stringify(message));
