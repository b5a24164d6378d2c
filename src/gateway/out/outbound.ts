// What goes out, composed: the door for local programs, the peers behind it, and the names that are met on the links.
import type { Log } from '../../adapters/control/log.js';
import type { GatewayEvent, StreamDoor } from '../../core/control/protocol.js';
import type { AddressBook } from '../../core/discovery/addresses.js';
import { addressKey } from '../../core/peers/dial-address.js';
import type { Env, Service } from '../../core/env/env.js';
import type { DeviceId } from '../../core/ids.js';
import type { Deny } from '../denied-events.js';
import { createPeers, type Peer } from './peers.js';
import { createStreamApp } from './stream-app.js';
import { createStreamListener } from './stream-listener.js';
import { dialUnknownNames } from './unknown-names.js';

export interface OutboundOptions {
  readonly env: () => Env;
  readonly service: () => Service;
  readonly book: AddressBook;
  readonly now: () => Date;
  readonly emit: (event: GatewayEvent) => void;
  readonly deny: Deny;
  readonly log: Log;
}

export interface Outbound {
  readonly door: StreamDoor | null;
  /** Listens as the env says; rejects with `StreamListenFailed`, and all is as before. */
  follow(): Promise<void>;
  /** Takes up what else a reload changed: who may be dialled, where, and whether leaves are judged by other rules. */
  onReload(isJudgedAnew: boolean): void;
  /** This device has come in: it is there, and most likely lets this one in as well. */
  onCome(deviceId: DeviceId): void;
  status(): unknown;
  stop(): Promise<void>;
}

export function createOutbound(options: OutboundOptions): Outbound {
  const { env, service, book, deny, log } = options;
  const limits = () => env().limits;
  const peers = createPeers(options);
  const app = createStreamApp({
    env,
    peers,
    onRefused: (rule) => deny({ rule, principal: null, address: '127.0.0.1' }),
    onFailure: (error) =>
      log('error', 'a peer stream failed', { code: error instanceof Error ? error.name : 'unknown' }),
  });
  const listener = createStreamListener(app, limits);
  const stopMeeting = dialUnknownNames({
    book,
    peers,
    ownId: () => service().identity.deviceId,
    dialMs: () => limits().peerDialMs,
  });

  return {
    get door() {
      return listener.door;
    },
    follow() {
      const { peerStreams } = env();
      return listener.follow(peerStreams && { port: peerStreams.port, fd: peerStreams.fd });
    },
    onReload: (isJudgedAnew) => peers.onReload(isJudgedAnew),
    onCome: (deviceId) => peers.onCome(deviceId),
    status: () => [...peers.list()].map(describePeer),
    async stop() {
      stopMeeting();
      await listener.close();
      peers.close();
    },
  };
}

/** What `status` says of a peer. */
function describePeer({ deviceId, pool, requests, feeds, failures, turnsAway }: Peer) {
  const connections = [...pool.open];
  const links = [...pool.memory.all()].map(
    ({ address, roundTripMs, bytesPerMs, failures: inARow, lastFailure }) => ({
      ...address,
      connections: connections.filter((of) => addressKey(of.address) === addressKey(address)).length,
      roundTripMs,
      bytesPerMs,
      failuresInARow: inARow,
      lastFailure,
    }),
  );
  return {
    deviceId,
    isReached: connections.length > 0,
    turnsAway: turnsAway(),
    links,
    requests: requests.inFlight,
    feeds: feeds.inFlight,
    queued: requests.queued + feeds.queued,
    failures: Object.fromEntries(failures),
  };
}
