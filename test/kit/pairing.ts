// Pairing in tests: gateways as launchers see them, and a raw client that speaks the protocol to the letter, or not.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { channelIdentifier, EXPORTER_BYTES, EXPORTER_LABEL } from '../../dist/core/pairing/channel.js';
import type { OfferAddress, OfferOpened, PairEvent } from '../../dist/core/control/pairing.js';
import { parsePairingCode, type PairingCode } from '../../dist/core/pairing/code.js';
import { scalarOf } from '../../dist/core/pairing/cpace.js';
import type { ExchangeEffect, ExchangeEvent } from '../../dist/core/pairing/exchange-words.js';
import { createExchange } from '../../dist/core/pairing/exchange.js';
import { createFrameReader } from '../../dist/core/pairing/frames.js';
import type { TimedEvent } from '../../dist/index.js';
import type { TestGateway } from './gateway.js';
import { selfSignedLeaf } from './pki.js';

export const CODE = 'K7QX-20AB';
export const WRONG_CODE = 'K7QX-20AC';
export const codeOf = (typed: string): PairingCode => parsePairingCode(typed) as PairingCode;

/** A leaf and key for one run. */
export function throwAway(): { leaf: string; key: string } {
  const { certPem, keyPem } = selfSignedLeaf(new Date());
  return { leaf: certPem, key: keyPem };
}

type EventOf<Name extends PairEvent['event']> = Extract<TimedEvent, { event: Name }>;

/** The first of these events, past or coming. */
export const untilPair = <Name extends PairEvent['event']>(
  gateway: TestGateway,
  name: Name,
  matches: (event: EventOf<Name>) => boolean = () => true,
): Promise<EventOf<Name>> =>
  gateway.until((event) => event.event === name && matches(event as EventOf<Name>)) as Promise<EventOf<Name>>;

export const openOffer = async (
  gateway: TestGateway,
  more: Record<string, unknown> = {},
): Promise<OfferOpened> =>
  (await gateway.call('pair-offer', {
    kind: 'join',
    code: CODE,
    label: "Ada's laptop",
    seconds: 300,
    ...throwAway(),
    ...more,
  })) as OfferOpened;

/** Resolves with the run's id. */
export const beginJoin = async (
  gateway: TestGateway,
  offer: string | OfferAddress | undefined,
  more: Record<string, unknown> = {},
): Promise<string> => {
  const params = { kind: 'join', offer, code: CODE, label: 'camera', ...throwAway(), ...more };
  return ((await gateway.call('pair-join', params)) as { run: string }).run;
};

/** A TLS connection to an offer, with a leaf of its own. */
export async function dialOffer(
  { address, port }: OfferAddress,
  more: ConnectionOptions = {},
): Promise<TLSSocket> {
  const { leaf, key } = throwAway();
  const socket = connect({
    host: address,
    port,
    cert: leaf,
    key,
    minVersion: 'TLSv1.3',
    rejectUnauthorized: false,
    ...more,
  });
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect');
  return socket;
}

/** The joiner's side by hand: frames go where a test lets them. */
export interface RawJoiner {
  readonly socket: TLSSocket;
  readonly effects: ExchangeEffect[];
  /** The end of the connection. */
  readonly closed: Promise<unknown>;
  tell(event: ExchangeEvent): void;
  until(matches: (effect: ExchangeEffect) => boolean): Promise<ExchangeEffect>;
}

export async function createRawJoiner(
  to: OfferAddress,
  code = CODE,
  send: (socket: TLSSocket, frame: Uint8Array) => void = (socket, frame) => socket.write(frame),
): Promise<RawJoiner> {
  const socket = await dialOffer(to);
  const closed = once(socket, 'close');
  const exporter = socket.exportKeyingMaterial(EXPORTER_BYTES, EXPORTER_LABEL, Buffer.alloc(0));
  const machine = createExchange({
    side: 'A',
    kind: 'join',
    code: codeOf(code),
    label: 'raw',
    userId: null,
    time: new Date(),
    ci: channelIdentifier({
      offererLeaf: socket.getPeerX509Certificate()?.raw ?? new Uint8Array(),
      joinerLeaf: socket.getX509Certificate()?.raw ?? new Uint8Array(),
      exporter,
    }),
    nonce: randomBytes(32),
    scalar: scalarOf(randomBytes(64)),
    startedAt: 0,
    expiresAt: Infinity,
  });
  const effects: ExchangeEffect[] = [];
  const waiting = new Set<() => void>();
  const tell = (event: ExchangeEvent): void => {
    for (const effect of machine.on(event, 0)) {
      effects.push(effect);
      if (effect.do === 'frame') send(socket, effect.frame);
    }
    for (const look of waiting) look();
  };
  const reader = createFrameReader();
  socket.on('data', (bytes: Buffer) => {
    for (const json of reader.push(bytes) ?? [null]) tell({ event: 'frame', json });
  });
  socket.once('close', () => tell({ event: 'closed' }));
  const until = (matches: (effect: ExchangeEffect) => boolean): Promise<ExchangeEffect> =>
    new Promise((resolve) => {
      const look = (): void => {
        const found = effects.find(matches);
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
    });
  tell({ event: 'start' });
  return { socket, effects, closed, tell, until };
}

export const isEnd = (effect: ExchangeEffect): boolean => effect.do === 'end';
