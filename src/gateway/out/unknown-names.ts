// Names on a link that no known device has: each is dialled once, to read the leaf. A stranger learns nothing by it,
// and a device that was met for the first time is known from then on.
import type { TLSSocket } from 'node:tls';
import { dial } from '../../adapters/peer/dial.js';
import type { AddressBook, UnknownName } from '../../core/discovery/addresses.js';
import type { Peers } from './peers.js';

export interface UnknownNamesOptions {
  readonly book: AddressBook;
  readonly peers: Pick<Peers, 'judge' | 'context'>;
  readonly ownId: () => string;
  readonly dialMs: () => number;
}

const DOMAIN = 'patchcord.internal';
const MAX_DIALS_AT_ONCE = 4;
/** The book tells each name once in ten minutes: what does not fit waits for its next time. */
const MAX_WAITING = 256;

/** In good order: the other one is no stranger, and a connection that breaks off is told there as a refusal. */
function leave(socket: TLSSocket, withinMs: number): void {
  socket.setTimeout(withinMs, () => socket.destroy());
  socket.resume().end();
}

/** The answer ends it. */
export function dialUnknownNames({ book, peers, ownId, dialMs }: UnknownNamesOptions): () => void {
  const waiting: UnknownName[] = [];
  let underWay = 0;

  async function meet({ instance, address }: UnknownName): Promise<void> {
    const { socket, leaf } = await dial({
      address,
      serverName: `${instance}.${DOMAIN}`,
      context: peers.context,
      timeoutMs: dialMs(),
      judge: (shown) => peers.judge(shown, null),
    });
    leave(socket, dialMs());
    if (leaf.deviceId === ownId()) return;
    book.noteKnown(leaf.deviceId);
    book.noteOutcome(leaf.deviceId, address, 'right-leaf');
  }

  function next(): void {
    const unknown = underWay < MAX_DIALS_AT_ONCE ? waiting.shift() : undefined;
    if (unknown === undefined) return;
    underWay += 1;
    void meet(unknown)
      // Nobody, or a stranger: there is nothing to know.
      .catch(() => undefined)
      .finally(() => {
        underWay -= 1;
        next();
      });
  }

  return book.onUnknown((unknown) => {
    if (waiting.length >= MAX_WAITING) return;
    waiting.push(unknown);
    next();
  });
}
