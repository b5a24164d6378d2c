// Who has connections to this device, so that a person is told when a peer comes and when it goes, and not of each
// connection between.
import type { SeenEvent } from '../gateway-events.js';

export interface Presence {
  /** False for a connection beside others of the same peer. */
  isNews(event: SeenEvent): boolean;
  /** The gateway ended, and all connections with it. */
  clear(): void;
}

export function createPresence(): Presence {
  const connections = new Map<string, number>();
  return {
    isNews(event) {
      if (event.event !== 'connected' && event.event !== 'disconnected') return true;
      const { deviceId } = event.principal;
      const before = connections.get(deviceId) ?? 0;
      const after = Math.max(0, before + (event.event === 'connected' ? 1 : -1));
      if (after === 0) connections.delete(deviceId);
      else connections.set(deviceId, after);
      return before === 0 || after === 0;
    },
    clear: () => connections.clear(),
  };
}
