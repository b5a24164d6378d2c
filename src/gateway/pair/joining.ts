// This device takes an offer: dials it where it was seen, and runs the other side of the exchange.
import { randomBytes } from 'node:crypto';
import type { PairConnection } from '../../adapters/pair/pair-connection.js';
import { dialPair } from '../../adapters/pair/pair-dial.js';
import { readZones } from '../../adapters/peer/zones.js';
import { MAX_OFFER_SECONDS, type OfferAddress, type PairEndReason } from '../../core/control/pairing.js';
import type { PairJoinParams } from '../../core/control/pairing-params.js';
import { channelIdentifier } from '../../core/pairing/channel.js';
import { SCALAR_SEED_BYTES, scalarOf } from '../../core/pairing/cpace.js';
import type { ExchangeEvent } from '../../core/pairing/exchange-words.js';
import { createExchange, MESSAGE_MS, type Exchange } from '../../core/pairing/exchange.js';
import { NONCE_BYTES } from '../../core/pairing/wire.js';
import { createVoice, type Run, type RunContext } from './run.js';
import { createMachineTimer } from './timer.js';

const SECOND_MS = 1000;

/** Dials the first of `addresses` that can be connected to: what comes then is the run, and no other address is tried. */
export function createJoining(
  params: PairJoinParams,
  addresses: readonly OfferAddress[],
  context: RunContext,
): Run {
  const { id, steadyMs } = context;
  const voice = createVoice(context);
  const dialling = new AbortController();
  const timer = createMachineTimer(steadyMs, () => tell({ event: 'time' }));
  let connection: PairConnection | null = null;
  let machine: Exchange | null = null;
  let isOver = false;

  async function dial(): Promise<void> {
    const { leaf, key } = params;
    for (const address of addresses) {
      connection = await dialPair({
        address,
        leaf,
        key,
        timeoutMs: MESSAGE_MS,
        isZone: (zone) => readZones().has(zone),
        signal: dialling.signal,
      });
      if (isOver) {
        connection?.close();
        return;
      }
      if (connection !== null) {
        begin(connection);
        return;
      }
    }
    end('unreachable');
  }

  function begin(to: PairConnection): void {
    const startedAt = steadyMs();
    machine = createExchange({
      side: 'A',
      kind: params.kind,
      code: params.code,
      label: params.label,
      userId: context.env().service?.identity.userId ?? null,
      time: context.now(),
      ci: channelIdentifier({
        offererLeaf: to.otherLeaf,
        joinerLeaf: to.ownLeaf,
        exporter: to.exporter,
      }),
      nonce: randomBytes(NONCE_BYTES),
      scalar: scalarOf(randomBytes(SCALAR_SEED_BYTES)),
      startedAt,
      // No offer stands longer, whatever the other side says.
      expiresAt: startedAt + MAX_OFFER_SECONDS * SECOND_MS,
    });
    to.listen(
      (json) => tell({ event: 'frame', json }),
      () => tell({ event: 'closed' }),
    );
    tell({ event: 'start' });
  }

  function tell(event: ExchangeEvent): void {
    if (machine === null) return;
    const effects = machine.on(event, steadyMs());
    timer.arm(machine.nextAt());
    for (const effect of effects) {
      switch (effect.do) {
        case 'frame':
          connection?.send(effect.frame);
          break;
        case 'proved':
          voice.proved(effect);
          break;
        case 'data':
          voice.data(effect);
          break;
        case 'end':
          connection?.close();
          end(effect.reason);
          break;
      }
    }
  }

  function end(reason: PairEndReason): void {
    if (isOver) return;
    isOver = true;
    timer.close();
    voice.ended(reason);
  }

  // Not before the answer with the run's id is on its way.
  setImmediate(() => void dial());
  return {
    id,
    isProved: () => machine?.isProved() === true,
    send: (data) => tell({ event: 'send', data }),
    cancel() {
      dialling.abort();
      if (machine === null) end('cancelled');
      else tell({ event: 'cancel' });
    },
  };
}
