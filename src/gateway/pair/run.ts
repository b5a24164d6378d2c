// What a run is to the rest of the gateway, and what it needs of it.
import type { PairEndReason, RunId } from '../../core/control/pairing.js';
import type { GatewayEvent } from '../../core/control/protocol.js';
import type { Env } from '../../core/env/env.js';
import type { ExchangeEffect } from '../../core/pairing/exchange-words.js';
import type { AnnouncedOffer } from '../seen/seen.js';

export interface Run {
  readonly id: RunId;
  readonly isProved: () => boolean;
  send(data: Uint8Array): void;
  /** Ends it; its `pair-ended` is out when this returns. */
  cancel(): void;
}

export interface RunContext {
  readonly id: RunId;
  readonly env: () => Env;
  readonly now: () => Date;
  readonly steadyMs: () => number;
  readonly emit: (event: GatewayEvent) => void;
  readonly announceOffer: (offer: AnnouncedOffer | null) => void;
  readonly onEnded: () => void;
}

/** What the launcher hears of a run. */
export const createVoice = ({ id, emit, onEnded }: RunContext) => ({
  proved: ({ label, time, userId }: Extract<ExchangeEffect, { do: 'proved' }>): void =>
    emit({ event: 'pair-proved', run: id, label, time: time.toISOString(), userId }),
  data: ({ data }: Extract<ExchangeEffect, { do: 'data' }>): void =>
    emit({ event: 'pair-data', run: id, data: Buffer.from(data).toString('base64url') }),
  strike: (left: number): void => emit({ event: 'pair-strike', run: id, left }),
  ended(reason: PairEndReason): void {
    emit({ event: 'pair-ended', run: id, reason });
    onEnded();
  },
});
