// Pairing, as the control channel sees it: one run at a time, an offer or a join, from its method to its end. What a run
// needs, its curve above all, is loaded when there is one: most gateways never pair.
import { randomBytes } from 'node:crypto';
import type {
  JoinBegun,
  OfferAddress,
  OfferHint,
  OfferId,
  OfferOpened,
  RunId,
} from '../../core/control/pairing.js';
import {
  parsePairCancel,
  parsePairJoin,
  parsePairOffer,
  parsePairSend,
  type PairJoinParams,
} from '../../core/control/pairing-params.js';
import { RPC_ERRORS, type GatewayEvent, type RpcError } from '../../core/control/protocol.js';
import { encodeDbase32 } from '../../core/dbase32.js';
import type { Env } from '../../core/env/env.js';
import type { Problem } from '../../core/env/problems.js';
import type { Seen } from '../seen/seen.js';
import type { Run, RunContext } from './run.js';

export interface PairingOptions {
  readonly env: () => Env;
  readonly now: () => Date;
  readonly emit: (event: GatewayEvent) => void;
  readonly seen: Pick<Seen, 'offers' | 'announceOffer'>;
}

export type PairOutcome<Result> = { readonly result: Result } | { readonly error: RpcError };
type Nothing = Record<string, never>;

export interface Pairing {
  /** Params as they came, each. */
  offer(params: unknown): Promise<PairOutcome<OfferOpened>>;
  join(params: unknown): Promise<PairOutcome<JoinBegun>>;
  send(params: unknown): PairOutcome<Nothing>;
  cancel(params: unknown): PairOutcome<Nothing>;
  status(): PairingStatus;
  stop(): void;
}

export interface PairingStatus {
  /** Null where there is none. */
  readonly run: { readonly run: RunId; readonly proved: boolean } | null;
  /** Offers that are seen on the links, each once. */
  readonly offers: readonly OfferHint[];
}

interface Place {
  run: Run | null;
}

/** 80 bits: 16 characters. */
const ID_BYTES = 10;
const newId = (): string => encodeDbase32(randomBytes(ID_BYTES));
const refuse = (problems: readonly Problem[]): { error: RpcError } => ({
  error: { ...RPC_ERRORS.params, data: { problems } },
});
const DONE = { result: {} };

export function createPairing({ env, now, emit, seen }: PairingOptions): Pairing {
  /** Taken from the method on, before the run itself is there. */
  let place: Place | null = null;
  const running = (): Run | null => place?.run ?? null;

  function begin(taken: Place): RunContext {
    place = taken;
    return {
      id: newId() as RunId,
      env,
      now,
      steadyMs: () => performance.now(),
      emit,
      announceOffer: seen.announceOffer,
      onEnded() {
        place = null;
      },
    };
  }

  function addressesOf(offer: PairJoinParams['offer']): readonly OfferAddress[] {
    return typeof offer === 'string' ? seen.offers.find(offer) : [offer];
  }

  return {
    async offer(untrusted) {
      const parsed = parsePairOffer(untrusted);
      if ('problems' in parsed) return refuse(parsed.problems);
      if (place !== null) return { error: RPC_ERRORS.pairing };
      const offer = newId() as OfferId;
      const taken: Place = { run: null };
      const context = begin(taken);
      const { createOffering } = await import('./offering.js');
      const offering = await createOffering(parsed.params, offer, context);
      taken.run = offering;
      return { result: { run: offering.id, offer, listeners: offering.listeners() } };
    },
    async join(untrusted) {
      const parsed = parsePairJoin(untrusted);
      if ('problems' in parsed) return refuse(parsed.problems);
      if (place !== null) return { error: RPC_ERRORS.pairing };
      const addresses = addressesOf(parsed.params.offer);
      if (addresses.length === 0) return refuse([{ path: '$.offer', reason: 'is not seen on any link now' }]);
      const taken: Place = { run: null };
      const context = begin(taken);
      const { createJoining } = await import('./joining.js');
      const joining = createJoining(parsed.params, addresses, context);
      taken.run = joining;
      return { result: { run: joining.id } };
    },
    send(untrusted) {
      const parsed = parsePairSend(untrusted);
      if ('problems' in parsed) return refuse(parsed.problems);
      const run = running();
      if (run?.id !== parsed.params.run || !run.isProved()) return { error: RPC_ERRORS.run };
      run.send(parsed.params.data);
      return DONE;
    },
    cancel(untrusted) {
      const parsed = parsePairCancel(untrusted);
      if ('problems' in parsed) return refuse(parsed.problems);
      const run = running();
      if (run?.id !== parsed.params.run) return { error: RPC_ERRORS.run };
      run.cancel();
      return DONE;
    },
    status() {
      const run = running();
      return { run: run && { run: run.id, proved: run.isProved() }, offers: seen.offers.list() };
    },
    stop: () => running()?.cancel(),
  };
}
