// One TLS connection of a pairing run: frames both ways, the values that the run is bound to, and its end. Who is at
// the other end it does not judge: the code does.
import type { TLSSocket } from 'node:tls';
import { EXPORTER_BYTES, EXPORTER_LABEL } from '../../core/pairing/channel.js';
import { createFrameReader } from '../../core/pairing/frames.js';

export interface PairConnection {
  /** DER of the two leaves, and what both ends of this connection can compute and nobody else. */
  readonly ownLeaf: Uint8Array;
  readonly otherLeaf: Uint8Array;
  readonly exporter: Uint8Array;
  /** Hears each frame's JSON, or null for a frame that is too long; and, once, the end. */
  listen(onFrame: (json: Uint8Array | null) => void, onClosed: () => void): void;
  send(frame: Uint8Array): void;
  /** Ends it in good order, so that the last frame arrives; cuts it where the other side does not follow in time. */
  close(): void;
}

/** How long the last frames, and the other side's end, may take. */
const FLUSH_MS = 1000;
/** What the other side does not take is kept up to this. */
const MAX_UNSENT_BYTES = 1024 * 1024;

/** Null for a connection that shows no leaf, or is a resumed one: then nothing may be said on it. */
export function createPairConnection(socket: TLSSocket): PairConnection | null {
  const ownLeaf = socket.getX509Certificate()?.raw;
  const otherLeaf = socket.getPeerX509Certificate()?.raw;
  if (ownLeaf === undefined || otherLeaf === undefined || socket.isSessionReused()) return null;
  const exporter = socket.exportKeyingMaterial(EXPORTER_BYTES, EXPORTER_LABEL, Buffer.alloc(0));
  socket.setNoDelay(true);
  // What went wrong is told by the close that follows.
  socket.on('error', () => undefined);
  return {
    ownLeaf,
    otherLeaf,
    exporter,
    listen(onFrame, onClosed) {
      const reader = createFrameReader();
      socket.once('close', onClosed);
      socket.on('end', () => socket.destroy());
      socket.on('data', (bytes: Buffer) => {
        for (const json of reader.push(bytes) ?? [null]) onFrame(json);
      });
    },
    send(frame) {
      if (socket.writableLength > MAX_UNSENT_BYTES) socket.destroy();
      else if (socket.writable) socket.write(frame);
    },
    close() {
      socket.end();
      const deadline = setTimeout(() => socket.destroy(), FLUSH_MS).unref();
      socket.once('close', () => clearTimeout(deadline));
    },
  };
}
