// A bounded number of equal buffers, used again and again: whoever waits for one is served in turn.

/** For each, another thread reads: with half of it a large blob costs a tenth more. */
export const BUFFER_BYTES = 524_288;

export interface BufferPool {
  /** A buffer to be given back, at once or in turn; rejects with the signal's reason when that comes first. */
  take(signal: AbortSignal): Promise<Buffer>;
  /** Only when nothing reads or writes it any more. */
  give(buffer: Buffer): void;
}

/** Buffers of 512 KiB, `poolBytes` in all, at least one; each is made when it is first needed. */
export function createBufferPool(poolBytes: number): BufferPool {
  const idle: Buffer[] = [];
  const waiters = new Set<(buffer: Buffer) => void>();
  let unmade = Math.max(1, Math.floor(poolBytes / BUFFER_BYTES));

  const spare = (): Buffer | undefined => {
    if (idle.length > 0) return idle.pop();
    if (unmade === 0) return undefined;
    unmade--;
    return Buffer.allocUnsafeSlow(BUFFER_BYTES);
  };
  const inTurn = (signal: AbortSignal): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      const leave = (): void => {
        waiters.delete(serve);
        reject(signal.reason as Error);
      };
      const serve = (buffer: Buffer): void => {
        signal.removeEventListener('abort', leave);
        resolve(buffer);
      };
      signal.addEventListener('abort', leave, { once: true });
      waiters.add(serve);
    });

  return {
    async take(signal) {
      signal.throwIfAborted();
      return spare() ?? (await inTurn(signal));
    },
    give(buffer) {
      const [next] = waiters;
      if (next === undefined) {
        idle.push(buffer);
      } else {
        waiters.delete(next);
        next(buffer);
      }
    },
  };
}
