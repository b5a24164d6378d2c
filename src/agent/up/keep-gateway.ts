// A gateway that is started again when it ends by itself: a device in the field goes on. Not for ever: one that ends
// again and again is a fault that a person has to see.
import { GatewayError, type Gateway } from '../../adapters/launch/launch-gateway.js';
import { Failure } from '../cli/failure.js';
import { parseGatewayEvent, parseReady, type GatewayReady, type SeenEvent } from '../gateway-events.js';
import { aborted, sleep } from '../wait.js';

export interface KeptGateway {
  /** Of the first start. */
  readonly ready: GatewayReady;
  /** Rejects with a `GatewayError` while there is none. */
  call(method: string, params?: unknown): Promise<unknown>;
  /** False between an end and the next start. */
  isUp(): boolean;
  /** Resolves when it is over in good order; fails when the gateway ends more often than it may. */
  run(until: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

export interface KeepOptions {
  readonly launch: () => Promise<Pick<Gateway, 'ready' | 'events' | 'call' | 'stop' | 'exited'>>;
  readonly onEvent: (event: SeenEvent) => Promise<void>;
  readonly onEnd: (restartInMs: number) => void;
  readonly onRestart: (ready: GatewayReady) => void;
  readonly nowMs: () => number;
}

/** Waits before the first start anew in a row, the second, …; after the last there is none. */
export const RESTART_DELAYS_MS = [500, 1000, 2000, 5000, 10_000, 30_000, 30_000, 30_000] as const;
/** After so long it counts as the first again. */
const STEADY_MS = 60_000;

type Problems = Extract<SeenEvent, { event: 'fatal' }>['problems'];

export async function keepGateway(options: KeepOptions): Promise<KeptGateway> {
  const { launch, onEvent, onEnd, onRestart, nowMs } = options;
  let gateway = await launch();
  let isUp = true;
  let reading: Promise<Problems> = Promise.resolve([]);

  /** Whether it ended by itself. */
  async function runOnce(until: AbortSignal, stopped: Promise<null>): Promise<boolean> {
    reading = readEvents(gateway, parseReady(gateway.ready), onEvent);
    await Promise.race([stopped, gateway.exited]);
    if (until.aborted) return false;
    isUp = false;
    const [code, problems] = [await gateway.exited, await reading];
    // It had a signal of its own, and ended in good order.
    if (code === 0) return false;
    if (problems.length > 0) throw new Failure('config', 'gateway-ended', 'the gateway ended', { problems });
    return true;
  }

  async function run(until: AbortSignal): Promise<void> {
    const stopped = aborted(until);
    for (let ends = 0, startedAt = nowMs(); await runOnce(until, stopped); startedAt = nowMs()) {
      ends = nowMs() - startedAt >= STEADY_MS ? 1 : ends + 1;
      const delayMs = RESTART_DELAYS_MS[ends - 1];
      if (delayMs === undefined) throw endedTooOften(ends);
      onEnd(delayMs);
      await sleep(delayMs, until);
      if (until.aborted) return;
      gateway = await launch();
      isUp = true;
      onRestart(parseReady(gateway.ready));
    }
  }

  return {
    ready: parseReady(gateway.ready),
    isUp: () => isUp,
    run,
    call: (method, params) =>
      isUp
        ? gateway.call(method, params)
        : Promise.reject(new GatewayError('the gateway is being started again')),
    async stop() {
      await gateway.stop();
      await reading;
    },
  };
}

const endedTooOften = (times: number): Failure =>
  new Failure('software', 'gateway-ended', `the gateway ended ${times} times in a row`, {
    hint: 'Start `patchcord up` again; what the gateway said last stands above.',
  });

/** Tells every event; resolves with the problems that ended the gateway, when it has ended. */
async function readEvents(
  gateway: Pick<Gateway, 'events'>,
  ready: GatewayReady,
  tell: (event: SeenEvent) => Promise<void>,
): Promise<Problems> {
  let problems: Problems = [];
  for await (const raw of gateway.events) {
    const event = parseGatewayEvent(raw);
    if (event?.event === 'fatal') problems = event.problems;
    // The listeners of the start stand in `ready`.
    const isTold = event?.event === 'stopped' || (event?.event === 'listening' && event.time <= ready.time);
    if (event !== null && !isTold) await tell(event);
  }
  return problems;
}
