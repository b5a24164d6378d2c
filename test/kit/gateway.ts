// The real gateway as a child process, and what tests need around one: its events to wait for, and its end.
import { launchGateway, type Gateway, type LaunchOptions, type TimedEvent } from '../../dist/index.js';

export interface TestGateway extends Gateway {
  readonly pid: number;
  readonly port: number;
  /** Every event since `ready`. */
  readonly seen: readonly TimedEvent[];
  readonly logs: readonly string[];
  /** The first event, past or coming, that `matches`. */
  until(matches: (event: TimedEvent) => boolean): Promise<TimedEvent>;
}

export async function startGateway(env: unknown, options: LaunchOptions = {}): Promise<TestGateway> {
  const logs: string[] = [];
  const gateway = await launchGateway(env, { onLog: (line) => logs.push(line), ...options });
  const seen: TimedEvent[] = [];
  const waiting = new Set<() => void>();
  void (async () => {
    for await (const event of gateway.events) {
      seen.push(event);
      for (const look of waiting) look();
    }
  })();
  const until = (matches: (event: TimedEvent) => boolean): Promise<TimedEvent> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = seen.find(matches);
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
      void gateway.exited.then((code) =>
        reject(new Error(`the gateway ended (${String(code)}) before that event`)),
      );
    });
  const pid = gateway.pid ?? NaN;
  return Object.assign(gateway, { pid, port: gateway.ready.listeners[0]?.port ?? 0, seen, logs, until });
}

export const isEvent =
  (name: TimedEvent['event'], fields: Record<string, unknown> = {}) =>
  (event: TimedEvent): boolean =>
    event.event === name &&
    Object.entries(fields).every(
      ([key, value]) => (event as unknown as Record<string, unknown>)[key] === value,
    );
