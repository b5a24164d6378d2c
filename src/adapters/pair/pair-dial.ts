// Dials an offer, at one address, with a leaf made for this run alone.
import { connect } from 'node:tls';
import type { OfferAddress } from '../../core/control/pairing.js';
import { createPairConnection, type PairConnection } from './pair-connection.js';
import { pairTls, type PairLeaf } from './pair-server.js';

export interface PairDialOptions extends PairLeaf {
  readonly address: OfferAddress;
  readonly timeoutMs: number;
  /** Whether the link is there: newer lines of Node take a zone that is not for the first link that is. */
  readonly isZone: (zone: string) => boolean;
  readonly signal: AbortSignal;
}

/** Says nothing by itself: a name in the clear would be one more thing to tell runs by. */
const SERVER_NAME = 'pair.patchcord.internal';

/** Null where nobody could be connected to in time. Never rejects. */
export function dialPair({
  address,
  timeoutMs,
  isZone,
  signal,
  ...material
}: PairDialOptions): Promise<PairConnection | null> {
  const { address: host, zone, port } = address;
  if (signal.aborted || (zone !== null && !isZone(zone))) return Promise.resolve(null);
  return new Promise((resolve) => {
    const socket = connect({
      ...pairTls(material),
      host: zone === null ? host : `${host}%${zone}`,
      port,
      servername: SERVER_NAME,
    });
    const fail = (): void => {
      clearTimeout(deadline);
      socket.destroy();
      resolve(null);
    };
    const deadline = setTimeout(fail, timeoutMs);
    signal.addEventListener('abort', fail, { once: true });
    // Stays: what comes after a failure was told already.
    socket.on('error', fail);
    socket.once('close', fail);
    socket.once('secureConnect', () => {
      const connection = createPairConnection(socket);
      if (connection === null) {
        fail();
        return;
      }
      clearTimeout(deadline);
      signal.removeEventListener('abort', fail);
      resolve(connection);
    });
  });
}
