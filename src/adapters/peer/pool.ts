// The way to one peer: hands out connections over the fastest link that works, moves to another link when one goes,
// and tells at once whoever asks for a peer that is away.
import { addressKey, type DialAddress } from '../../core/peers/dial-address.js';
import { decideLink } from '../../core/peers/decide-link.js';
import { decideDelayMs, MAX_DIALS_AT_ONCE, type ReconnectPolicy } from '../../core/peers/reconnect.js';
import type { Certificate } from '../../core/leaf/certificate.js';
import { createBackoff } from './backoff.js';
import type { PeerConnection } from './connection.js';
import { AT_HAND_MS, createDialler, type ConnectEvents } from './dialler.js';
import type { LinkMemory } from './link-memory.js';
import { createWaiters, type Waiter } from './waiters.js';
import type { Zones } from './zones.js';

export interface PoolOptions {
  readonly addresses: () => readonly DialAddress[];
  readonly policy: () => ReconnectPolicy;
  readonly connect: (address: DialAddress, events: ConnectEvents) => Promise<PeerConnection>;
  readonly onReached: (address: DialAddress) => void;
  readonly onUnreached: () => void;
  /** The last connection to an address ended. */
  readonly onAddressClosed: (address: DialAddress) => void;
  /** Monotonic. */
  readonly nowMs: () => number;
  readonly random: () => number;
}

/** No connection to the peer can be had now. */
export class PeerAway extends Error {
  readonly retryAfterMs: number;
  constructor(retryAfterMs: number) {
    super('the peer is away');
    this.retryAfterMs = retryAfterMs;
  }
}

export interface Pool {
  /** A reserved connection; rejects with `PeerAway`, or when `signal` is aborted. */
  acquire(bulk: boolean, signal: AbortSignal): Promise<PeerConnection>;
  readonly memory: LinkMemory;
  readonly open: ReadonlySet<PeerConnection>;
  /** Dials of every address that failed, in a row. */
  readonly failures: number;
  /** To be called twice a second: ends what lost its link, and has a look at links that are not in use yet. */
  tick(zones: Zones, isInUse: boolean): void;
  /** Ends the connections whose leaf is not permitted any more. */
  rejudge(isPermitted: (leaf: Certificate) => boolean): void;
  /** Leaves are judged by other rules: one that was wrong before may be right now. */
  forgetWrong(): void;
  /** Addresses or links changed: what failed before may work now. */
  wake(): void;
  close(): void;
}

const WRONG_LEAF_REST_MS = 60_000;
/** So many failures on a link that is in use are more than a lost packet. */
const MAX_PATIENCE_FAILURES = 3;

export function createPool(options: PoolOptions): Pool {
  const { policy, nowMs, random } = options;
  const backoff = createBackoff(policy, nowMs, random);
  const waiters = createWaiters();
  const dialler = createDialler({
    ...options,
    restMs: (failures, code) =>
      code === 'wrong-leaf' ? WRONG_LEAF_REST_MS : decideDelayMs(policy(), failures, random()),
    onOpen,
    onFree: serveAll,
    onClose,
    onDialled: serveAll,
  });
  const { memory, open } = dialler;
  let zones: Zones | null = null;
  let current: string | null = null;
  let isRacing = false;
  let isClosed = false;
  let isReached = false;
  let isLost = false;
  let timer: NodeJS.Timeout | undefined;
  let timerAt = Infinity;

  const isUsable = (connection: PeerConnection): boolean =>
    connection.isOpen && (zones === null || connection.isOn(zones));
  const usable = (): PeerConnection[] => [...open].filter(isUsable);
  const mayRace = (): boolean => !isClosed && !isRacing && backoff.mayTry;
  const isKeepUp = (): boolean => policy().mode === 'keep-up';

  function onOpen(connection: PeerConnection): void {
    backoff.noteReached();
    isLost = false;
    if (!isReached) options.onReached(connection.address);
    isReached = true;
    connection.release();
  }

  function onClose({ address }: PeerConnection, wasLost: boolean): void {
    if (isClosed) return;
    if (dialler.on(address).length === 0) options.onAddressClosed(address);
    if (open.size === 0 && wasLost && !isLost) setLost();
    serveAll();
  }

  function setLost(): void {
    isLost = true;
    backoff.noteLost();
  }

  function race(): void {
    isRacing = true;
    void dialler.race().then((isWon) => {
      isRacing = false;
      if (!isWon) backoff.noteFailed();
      if (!isWon) isLost = true;
      serveAll();
    });
  }

  function serveAll(): void {
    for (const waiter of waiters.list()) if (!isClosed && waiters.has(waiter)) serve(waiter);
  }

  /** Looks again in `ms`, or sooner where that was arranged already. */
  function serveLater(ms: number): void {
    const at = nowMs() + Math.max(1, ms);
    if (at >= timerAt) return;
    clearTimeout(timer);
    timerAt = at;
    timer = setTimeout(() => {
      timerAt = Infinity;
      serveAll();
    }, at - nowMs()).unref();
  }

  /** Hands out a connection, has one made, or tells that there is none; or leaves the waiter waiting. */
  function serve(waiter: Waiter): void {
    const connections = usable();
    if (connections.length === 0) {
      serveWithout(waiter);
      return;
    }
    const atHand = dialler.atHand().filter(({ zone }) => zone === null || zones?.has(zone) !== false);
    const addresses = [...connections.map(({ address }) => address), ...atHand];
    const links = new Map(addresses.map((address) => [addressKey(address), address]));
    const measures = [...links.values()].map((address) => memory.measures(address));
    const key = decideLink(measures, { bulk: waiter.bulk, current });
    const address = key === null ? undefined : links.get(key);
    if (address === undefined) {
      serveWithout(waiter);
      return;
    }
    if (!waiter.bulk) current = key;
    const free = connections.find((of) => addressKey(of.address) === key && !of.isBusy);
    if (free !== undefined) {
      hand(waiter, free);
      return;
    }
    if (dialler.underWay >= Math.min(MAX_DIALS_AT_ONCE, waiters.size)) return;
    if (dialler.mayDial(address)) {
      void dialler.dial(address);
      serveLater(AT_HAND_MS);
    } else serveWhileResting(waiter, address, connections);
  }

  function hand(waiter: Waiter, connection: PeerConnection): void {
    connection.reserve();
    waiter.resolve(connection);
  }

  /** The peer takes no more connections on its best link now. */
  function serveWhileResting(
    waiter: Waiter,
    address: DialAddress,
    connections: readonly PeerConnection[],
  ): void {
    const { failures, restsUntil } = memory.of(address);
    const free = connections.find(({ isBusy }) => !isBusy);
    if (free !== undefined) hand(waiter, free);
    else if (failures >= MAX_PATIENCE_FAILURES) waiter.reject(new PeerAway(restsUntil - nowMs()));
    else serveLater(restsUntil - nowMs());
  }

  function serveWithout(waiter: Waiter): void {
    if (isRacing) return;
    if (mayRace()) race();
    else if (backoff.hideMs > 0) serveLater(Math.min(backoff.waitMs, backoff.hideMs));
    else waiter.reject(new PeerAway(backoff.waitMs));
  }

  /** A link that is not in use is dialled while another one is: to measure it, and to have it at hand. */
  function dialSpare(now: Zones): void {
    if (dialler.underWay > 0) return;
    const spare = options
      .addresses()
      .find(
        (address) =>
          dialler.on(address).length === 0 &&
          dialler.mayDial(address) &&
          (address.zone === null || now.has(address.zone)),
      );
    if (spare !== undefined) void dialler.dial(spare);
  }

  function cutGone(now: Zones): void {
    const gone = [...open].filter((connection) => !connection.isOn(now));
    if (gone.length === 0) return;
    const hasOther = usable().length > 0;
    if (!hasOther && !isLost) setLost();
    if (hasOther || backoff.hideMs === 0) for (const connection of gone) connection.destroy();
  }

  function tellLost(): void {
    if (!isReached || !isLost || backoff.hideMs > 0 || usable().length > 0) return;
    isReached = false;
    options.onUnreached();
  }

  function wake(): void {
    for (const record of memory.all()) {
      if (record.lastFailure !== 'wrong-leaf') record.restsUntil = 0;
    }
    backoff.wake();
    serveAll();
  }

  return {
    acquire(bulk, signal) {
      if (isClosed) return Promise.reject(new PeerAway(0));
      const acquired = waiters.add(bulk, signal);
      serveAll();
      return acquired;
    },
    memory,
    open,
    get failures() {
      return backoff.failures;
    },
    tick(now, isInUse) {
      const hasChanged = zones !== null && textOf(zones) !== textOf(now);
      zones = now;
      cutGone(now);
      if (usable().length > 0) isLost = false;
      if (hasChanged) wake();
      tellLost();
      if (isInUse && usable().length > 0) dialSpare(now);
      if (isKeepUp() && usable().length === 0 && mayRace()) race();
    },
    rejudge(isPermitted) {
      for (const connection of open) if (!isPermitted(connection.leaf)) connection.destroy();
    },
    forgetWrong() {
      for (const record of memory.all()) if (record.lastFailure === 'wrong-leaf') record.restsUntil = 0;
    },
    wake,
    close() {
      isClosed = true;
      clearTimeout(timer);
      for (const waiter of waiters.list()) waiter.reject(new PeerAway(0));
      dialler.close();
    },
  };
}

const textOf = (zones: Zones): string => JSON.stringify([...zones].sort());
