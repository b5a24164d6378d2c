// An offer of this device: its listeners, the connections that come, and the machine that decides about them.
import { randomBytes } from 'node:crypto';
import type { Server } from 'node:tls';
import type { PairConnection } from '../../adapters/pair/pair-connection.js';
import { createPairServer } from '../../adapters/pair/pair-server.js';
import { createStrangers } from '../../adapters/tls/strangers.js';
import type { OfferAddress, OfferId } from '../../core/control/pairing.js';
import type { PairOfferParams } from '../../core/control/pairing-params.js';
import { channelIdentifier } from '../../core/pairing/channel.js';
import { SCALAR_SEED_BYTES, scalarOf } from '../../core/pairing/cpace.js';
import { MESSAGE_MS } from '../../core/pairing/exchange.js';
import { createOffer, type OfferEvent } from '../../core/pairing/offer.js';
import { NONCE_BYTES } from '../../core/pairing/wire.js';
import { createListeners } from '../in/listeners.js';
import { createVoice, type Run, type RunContext } from './run.js';
import { createMachineTimer } from './timer.js';

export interface Offering extends Run {
  readonly listeners: () => readonly OfferAddress[];
}

/** Connections that have not made their handshake: they are few, and go after one message's time. */
const STRANGERS = { strangers: 16, strangersPerAddress: 4, strangerMs: MESSAGE_MS };
const SECOND_MS = 1000;

/** Begins to listen, and is announced wherever it does, until it ends. */
export async function createOffering(
  params: PairOfferParams,
  offer: OfferId,
  context: RunContext,
): Promise<Offering> {
  const { id, env, now, steadyMs, announceOffer } = context;
  const voice = createVoice(context);
  const { kind, code, label, leaf, key, seconds } = params;
  const userId = env().service?.identity.userId ?? null;
  const expiresAt = steadyMs() + seconds * SECOND_MS;
  const machine = createOffer({ kind, code, label, userId, expiresAt });
  const timer = createMachineTimer(steadyMs, () => tell({ event: 'time' }));
  const connections = new Map<number, PairConnection>();
  let lastConnection = 0;

  const strangers = createStrangers(
    () => STRANGERS,
    () => undefined,
  );
  const announce = (): void => announceOffer({ offer, kind, listeners: listeners.list() });
  const listeners = createListeners<Server>({
    createServer: () => createPairServer({ leaf, key, handshakeMs: MESSAGE_MS, ...strangers, onConnection }),
    onListening: announce,
    onUnlistening: announce,
    // Tried again by itself; the listeners that there are stand in the answer and are announced.
    onFailure: () => undefined,
  });

  function onConnection(connection: PairConnection): void {
    const number = (lastConnection += 1);
    connections.set(number, connection);
    connection.listen(
      (json) => tell({ event: 'frame', connection: number, json }),
      () => {
        connections.delete(number);
        tell({ event: 'closed', connection: number });
      },
    );
    tell({
      event: 'connected',
      connection: number,
      ci: channelIdentifier({
        offererLeaf: connection.ownLeaf,
        joinerLeaf: connection.otherLeaf,
        exporter: connection.exporter,
      }),
      nonce: randomBytes(NONCE_BYTES),
      scalar: scalarOf(randomBytes(SCALAR_SEED_BYTES)),
      time: now(),
    });
  }

  function tell(event: OfferEvent): void {
    const effects = machine.on(event, steadyMs());
    timer.arm(machine.nextAt());
    for (const effect of effects) {
      switch (effect.do) {
        case 'frame':
          connections.get(effect.connection)?.send(effect.frame);
          break;
        case 'close':
          connections.get(effect.connection)?.close();
          break;
        case 'strike':
          voice.strike(effect.left);
          break;
        case 'proved':
          // Nobody else is let in from now on.
          closeDoors();
          voice.proved(effect);
          break;
        case 'data':
          voice.data(effect);
          break;
        case 'ended':
          closeDoors();
          voice.ended(effect.reason);
          break;
      }
    }
  }

  function closeDoors(): void {
    listeners.close();
    strangers.close();
    // Last: each listener that closes is taken out of the announcement first.
    announceOffer(null);
  }

  timer.arm(machine.nextAt());
  await listeners.follow({ on: env().discovery.on, port: 0 }).catch(() => undefined);
  return {
    id,
    isProved: machine.isProved,
    listeners: () => listeners.list(),
    send: (data) => tell({ event: 'send', data }),
    cancel: () => tell({ event: 'cancel' }),
  };
}
