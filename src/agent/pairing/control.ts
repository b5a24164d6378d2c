// The gateway as a run of pairing sees it: four methods, and the events of one run. What it says is a stranger's, and
// was taken apart by `gateway-events.ts`.
import * as v from 'valibot';
import {
  parseOfferId,
  parseRunId,
  type OfferAddress,
  type OfferId,
  type RunId,
} from '../../core/control/pairing.js';
import { Failure } from '../cli/failure.js';
import { cleanText, type SeenEvent } from '../gateway-events.js';

export type PairEvent = Extract<SeenEvent, { event: `pair-${string}` }>;

export interface PairControl {
  call(method: string, params: unknown): Promise<unknown>;
  /** Until what it returns is called. */
  onEvent(listener: (event: PairEvent) => void): () => void;
}

export const isPairEvent = (event: SeenEvent): event is PairEvent => event.event.startsWith('pair-');

/** Somewhere to hear of pair events, for who reads all events. */
export interface PairEvents {
  readonly onEvent: PairControl['onEvent'];
  note(event: SeenEvent): void;
}

export function createPairEvents(): PairEvents {
  const listeners = new Set<(event: PairEvent) => void>();
  return {
    onEvent(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    note(event) {
      if (isPairEvent(event)) for (const listener of listeners) listener(event);
    },
  };
}

const text = v.pipe(v.string(), v.transform(cleanText));
const run = v.pipe(
  v.string(),
  v.check((id) => parseRunId(id) !== null),
  v.transform((id) => id as RunId),
);
const MAX_LISTENERS = 64;
const OFFERED = v.object({
  run,
  offer: v.pipe(
    v.string(),
    v.check((id) => parseOfferId(id) !== null),
    v.transform((id) => id as OfferId),
  ),
  listeners: v.pipe(
    v.array(v.object({ address: text, zone: v.nullable(text), port: v.number() })),
    v.maxLength(MAX_LISTENERS),
  ),
});
const JOINED = v.object({ run });

export interface Offered {
  readonly run: RunId;
  readonly offer: OfferId;
  readonly listeners: readonly OfferAddress[];
}

export const openOffer = async (control: PairControl, params: object): Promise<Offered> =>
  parseAnswer(OFFERED, await call(control, 'pair-offer', params));
export const takeOffer = async (control: PairControl, params: object): Promise<{ readonly run: RunId }> =>
  parseAnswer(JOINED, await call(control, 'pair-join', params));

const BUSY = -32_001;

async function call(control: PairControl, method: string, params: object): Promise<unknown> {
  try {
    return await control.call(method, params);
  } catch (error) {
    if ((error as { code?: unknown }).code !== BUSY) throw error;
    throw new Failure('unavailable', 'pairing-busy', 'another pairing is under way', {
      hint: 'Finish that one first.',
    });
  }
}

function parseAnswer<Schema extends v.GenericSchema>(schema: Schema, answer: unknown): v.InferOutput<Schema> {
  const parsed = v.safeParse(schema, answer);
  if (parsed.success) return parsed.output;
  throw new Failure('software', 'gateway', 'the gateway gave an answer that is none');
}
