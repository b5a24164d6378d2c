// Makes connections to one peer and keeps those that are open, over every link that leads to it. Which of them a
// request takes, and when a peer that is away is tried again, is decided by who uses this.
import { addressKey, type DialAddress } from '../../core/peers/dial-address.js';
import type { PeerConnection } from './connection.js';
import { createLinkMemory, type LinkMemory } from './link-memory.js';
import { raceDials } from './race.js';

export interface DiallerOptions {
  /** Where the peer may be dialled now, the likeliest first. */
  readonly addresses: () => readonly DialAddress[];
  /** Makes a reserved connection; rejects with a failure that has a `code`. */
  readonly connect: (address: DialAddress, events: ConnectEvents) => Promise<PeerConnection>;
  /** How long an address rests after its failures in a row. */
  readonly restMs: (failures: number, code: string) => number;
  readonly onOpen: (connection: PeerConnection) => void;
  readonly onFree: () => void;
  readonly onClose: (connection: PeerConnection, wasLost: boolean) => void;
  /** A dial ended, well or not. */
  readonly onDialled: () => void;
  readonly nowMs: () => number;
}

export interface ConnectEvents {
  readonly onFree: () => void;
  readonly onClose: (wasLost: boolean) => void;
}

export interface Dialler {
  readonly open: ReadonlySet<PeerConnection>;
  readonly memory: LinkMemory;
  /** Dials under way. */
  readonly underWay: number;
  on(address: DialAddress): readonly PeerConnection[];
  /** Resolves whether it came about. */
  dial(address: DialAddress): Promise<boolean>;
  /** Dials all addresses that do not rest, until one came about; resolves whether one did. */
  race(): Promise<boolean>;
  mayDial(address: DialAddress): boolean;
  /** Addresses that worked, have no connection now, and can be had again at the cost of a handshake. */
  atHand(): readonly DialAddress[];
  close(): void;
}

/** What a link that worked may take to be had again, while another one is open: more than a busy device needs. */
export const AT_HAND_MS = 1000;

export function createDialler(options: DiallerOptions): Dialler {
  const open = new Set<PeerConnection>();
  let underWay = 0;
  let isClosed = false;

  const on = (address: DialAddress): PeerConnection[] =>
    [...open].filter((connection) => addressKey(connection.address) === addressKey(address));
  const isLive = (key: string): boolean => [...open].some(({ address }) => addressKey(address) === key);
  const memory = createLinkMemory(isLive, options.nowMs);
  const mayDial = (address: DialAddress): boolean => memory.of(address).restsUntil <= options.nowMs();

  async function dial(address: DialAddress): Promise<boolean> {
    underWay += 1;
    memory.of(address).dialledAt ??= options.nowMs();
    let made: PeerConnection | null = null;
    try {
      made = await options.connect(address, {
        onFree: options.onFree,
        onClose: (wasLost) => onClose(made, wasLost),
      });
      if (isClosed || !made.isOpen) throw new Error('it ended as it began');
      open.add(made);
      return true;
    } catch (error) {
      made?.destroy();
      noteFailure(address, codeOf(error));
      return false;
    } finally {
      underWay -= 1;
      memory.of(address).dialledAt = null;
      if (made !== null && open.has(made)) options.onOpen(made);
      options.onDialled();
    }
  }

  function onClose(connection: PeerConnection | null, wasLost: boolean): void {
    if (connection === null || !open.delete(connection)) return;
    if (wasLost) memory.suspect(connection.address);
    options.onClose(connection, wasLost);
  }

  function noteFailure(address: DialAddress, code: string): void {
    const record = memory.of(address);
    record.failures += 1;
    record.lastFailure = code;
    record.restsUntil = options.nowMs() + options.restMs(record.failures, code);
    memory.suspect(address);
  }

  /** Those that worked, then those that are new, then those that failed; among each, by what was measured. */
  function inOrder(addresses: readonly DialAddress[]): DialAddress[] {
    const rank = (address: DialAddress): number => {
      const { failures, roundTripMs } = memory.of(address);
      if (failures > 0) return Infinity;
      return roundTripMs ?? Number.MAX_VALUE;
    };
    // `sort` is stable, and Infinity less Infinity is no order.
    return [...addresses].sort((a, b) => (rank(a) === rank(b) ? 0 : rank(a) - rank(b)));
  }

  function isAtHand(address: DialAddress): boolean {
    const { failures, roundTripMs, dialledAt } = memory.of(address);
    if (failures > 0 || roundTripMs === null || on(address).length > 0) return false;
    // One that takes longer than that is none that works.
    return dialledAt === null || options.nowMs() - dialledAt < AT_HAND_MS;
  }

  return {
    open,
    memory,
    atHand: () => options.addresses().filter(isAtHand),
    get underWay() {
      return underWay;
    },
    on,
    dial,
    mayDial,
    race: () => raceDials(inOrder(options.addresses().filter(mayDial)), dial),
    close() {
      isClosed = true;
      for (const connection of open) connection.destroy();
    },
  };
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'closed';
