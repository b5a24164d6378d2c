// When a socket is closed, as a signal: node forgets callbacks of writes that a destroyed connection never made.
import { setMaxListeners } from 'node:events';
import type { Socket } from 'node:net';

const signals = new WeakMap<Socket, AbortSignal>();

/** Aborted when the socket is closed: then it reads from no buffer any more. One for each socket, for all that ask. */
export function closeSignalOf(socket: Socket): AbortSignal {
  const known = signals.get(socket);
  if (known !== undefined) return known;
  const closing = new AbortController();
  // One for each request of a pipeline, which the limits on requests bound.
  setMaxListeners(0, closing.signal);
  if (socket.closed) closing.abort();
  else socket.once('close', () => closing.abort());
  signals.set(socket, closing.signal);
  return closing.signal;
}

/** Settles as the callback that `start` is given says; rejects where `closed` is aborted before that. */
export const settled = (
  closed: AbortSignal,
  start: (done: (error?: Error | null) => void) => unknown,
): Promise<void> =>
  new Promise((resolve, reject) => {
    closed.throwIfAborted();
    const onClosed = (): void => reject(closed.reason as Error);
    closed.addEventListener('abort', onClosed, { once: true });
    start((error) => {
      closed.removeEventListener('abort', onClosed);
      if (error) reject(error);
      else resolve();
    });
  });
