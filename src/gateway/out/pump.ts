// Moves the bytes of a peer's reply to a local program, no faster than it takes them.
import type { IncomingMessage, ServerResponse } from 'node:http';

export interface Pumped {
  readonly isWhole: boolean;
  readonly bytes: number;
  /** Without the time in which it was the program that could not take more. */
  readonly ms: number;
}

export interface PumpOptions {
  readonly onBytes: (count: number) => void;
  /** Silence of the peer after which the reply counts as broken; null for never. */
  readonly stallMs: number | null;
}

/** Resolves when the reply ended or broke; the response is not ended. The program's going away breaks the reply. */
export function pump(
  reply: IncomingMessage,
  response: ServerResponse,
  { onBytes, stallMs }: PumpOptions,
): Promise<Pumped> {
  return new Promise((resolve) => {
    const begun = performance.now();
    let bytes = 0;
    let heldSince: number | null = null;
    let heldMs = 0;
    const stall = stallMs === null ? null : setTimeout(onStall, stallMs);

    function onStall(): void {
      // A program that takes its time is no stall of the peer.
      if (heldSince === null) reply.destroy();
      else stall?.refresh();
    }

    /** A record of TLS is 16 KiB, and several come at once: they go on in one call of the system. */
    function gather(): void {
      // Of the socket: what a response gathers, Node 22 and 24 put after the end of a chunked body.
      const { socket } = response;
      if (socket === null || socket.writableCorked > 0) return;
      socket.cork();
      setImmediate(() => socket.uncork());
    }

    const onData = (piece: Buffer): void => {
      stall?.refresh();
      bytes += piece.length;
      onBytes(piece.length);
      gather();
      if (response.write(piece)) return;
      heldSince = performance.now();
      reply.pause();
    };
    const endHold = (): void => {
      if (heldSince !== null) heldMs += performance.now() - heldSince;
      heldSince = null;
    };
    const onDrain = (): void => {
      endHold();
      stall?.refresh();
      reply.resume();
    };
    const end = (): void => {
      if (stall !== null) clearTimeout(stall);
      endHold();
      response.off('drain', onDrain).off('close', onGone);
      resolve({ isWhole: reply.complete, bytes, ms: performance.now() - begun - heldMs });
    };
    const onGone = (): void => void reply.destroy();
    reply.on('data', onData).once('close', end);
    // What went wrong is told by `complete`.
    reply.on('error', () => undefined);
    response.on('drain', onDrain).once('close', onGone);
  });
}
