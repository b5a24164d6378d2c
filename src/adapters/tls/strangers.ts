// Connections whose leaf was not judged yet. Anyone on the link can open them, so they are few, short-lived, and
// apart from those that were let in: when it is full the oldest stranger goes, and no principal ever does.
import type { Duplex } from 'node:stream';

export interface StrangerLimits {
  readonly strangers: number;
  readonly strangersPerAddress: number;
  readonly strangerMs: number;
}

export type StrangerRule = 'strangers' | 'strangers-per-address' | 'stranger-timeout';

/** A socket of either layer, with the two ends of its connection. */
export interface ConnectedSocket extends Duplex {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
}

export interface Strangers {
  enter(socket: ConnectedSocket): void;
  /** The stranger behind this TLS socket was judged: it is one no more. False when it was cut before that. */
  leave(socket: ConnectedSocket): boolean;
  readonly size: number;
  close(): void;
}

interface Stranger {
  readonly socket: ConnectedSocket;
  readonly address: string;
  readonly deadline: NodeJS.Timeout;
}

/** What a TLS socket and the raw socket under it have in common. */
const endsOf = ({ remoteAddress, remotePort, localAddress, localPort }: ConnectedSocket): string =>
  JSON.stringify([remoteAddress, remotePort, localAddress, localPort]);

/** `onCut` hears of each stranger that a limit ended. */
export function createStrangers(
  limits: () => StrangerLimits,
  onCut: (rule: StrangerRule, address: string) => void,
): Strangers {
  /** Oldest first. */
  const waiting = new Map<string, Stranger>();

  function forget(ends: string): boolean {
    clearTimeout(waiting.get(ends)?.deadline);
    return waiting.delete(ends);
  }

  function cut(ends: string, rule: StrangerRule): void {
    const stranger = waiting.get(ends);
    if (stranger === undefined) return;
    forget(ends);
    stranger.socket.destroy();
    onCut(rule, stranger.address);
  }

  function makeRoom(address: string): void {
    const { strangers, strangersPerAddress } = limits();
    const ofAddress = [...waiting].filter(([, stranger]) => stranger.address === address);
    const [oldestOfAddress] = ofAddress;
    if (oldestOfAddress !== undefined && ofAddress.length >= strangersPerAddress) {
      cut(oldestOfAddress[0], 'strangers-per-address');
    }
    const [oldest] = waiting.keys();
    if (oldest !== undefined && waiting.size >= strangers) cut(oldest, 'strangers');
  }

  return {
    enter(socket) {
      const address = socket.remoteAddress;
      // Gone already.
      if (address === undefined) return void socket.destroy();
      makeRoom(address);
      const ends = endsOf(socket);
      const deadline = setTimeout(() => cut(ends, 'stranger-timeout'), limits().strangerMs);
      waiting.set(ends, { socket, address, deadline });
      socket.once('close', () => {
        if (waiting.get(ends)?.socket === socket) forget(ends);
      });
    },
    leave: (socket) => forget(endsOf(socket)),
    get size() {
      return waiting.size;
    },
    close() {
      for (const [ends, { socket }] of waiting) {
        forget(ends);
        socket.destroy();
      }
    },
  };
}
