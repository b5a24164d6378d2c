// How fast bytes come now, from each peer and in all: over the last few seconds.
import type { DeviceId } from '../../core/ids.js';

export interface Rates {
  add(device: DeviceId, bytes: number): void;
  readonly totalBytes: number;
  bytesPerSecond(device?: DeviceId): number;
}

const WINDOW_S = 5;
const SECOND_MS = 1000;

export function createRates(nowMs: () => number): Rates {
  /** For each peer, bytes by the second in which they came; older ones are dropped as new ones come. */
  const seconds = new Map<DeviceId, Map<number, number>>();
  const startedMs = nowMs();
  let totalBytes = 0;
  const second = (): number => Math.floor(nowMs() / SECOND_MS);
  return {
    add(device, bytes) {
      totalBytes += bytes;
      const mine = seconds.get(device) ?? new Map<number, number>();
      seconds.set(device, mine);
      const now = second();
      for (const at of mine.keys()) if (at < now - WINDOW_S) mine.delete(at);
      mine.set(now, (mine.get(now) ?? 0) + bytes);
    },
    get totalBytes() {
      return totalBytes;
    },
    bytesPerSecond(device) {
      const now = second();
      const span = Math.max(1, Math.min(WINDOW_S, Math.floor((nowMs() - startedMs) / SECOND_MS)));
      let sum = 0;
      for (const [one, mine] of seconds)
        if (device === undefined || one === device)
          // The second that is not over yet would pull it down.
          for (const [at, bytes] of mine) if (at < now && at >= now - WINDOW_S) sum += bytes;
      return Math.round(sum / span);
    },
  };
}
