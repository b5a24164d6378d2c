// Finds a port on 127.0.0.1 to be kept from then on. Listens for a moment; connects nowhere.
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below those that Linux gives to connections (`ip_local_port_range`), which would take it while nobody listens. */
const FROM_PORT = 20_000;
const TO_PORT = 32_767;
const MAX_TRIES = 64;

/** A port that nobody listens on now; null where none of many was free. */
export async function findFreePort(): Promise<number | null> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const port = randomInt(FROM_PORT, TO_PORT + 1);
    if (await isFree(port)) return port;
  }
  return null;
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
