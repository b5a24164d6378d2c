// A gateway that was started, however: its streams, its end, and a way to end it at once.
import type { Readable, Writable } from 'node:stream';

export interface StartedGateway {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Null where its log lines go elsewhere. */
  readonly stderr: Readable | null;
  /** Null where the process is no child of this one. */
  readonly pid: number | null;
  /** Resolves with the exit code; null after a signal, and where nobody tells it. */
  readonly exited: Promise<number | null>;
  /** Ends it, and all that stands between, at once. */
  readonly kill: () => void;
}
