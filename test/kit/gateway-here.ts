// A gateway in this process: for tests that reach into it. Its events, and the first of them that matches.
import { startGateway, type Gateway } from '../../dist/gateway/gateway.js';
import type { GatewayEvent } from '../../dist/core/control/protocol.js';
import { eventually } from './until.js';

export interface GatewayHere extends Gateway {
  readonly seen: readonly GatewayEvent[];
  readonly port: () => number;
  until(matches: (event: GatewayEvent) => boolean): Promise<GatewayEvent>;
}

/** `now` is its wall clock. */
export async function startGatewayHere(env: unknown, now = () => new Date()): Promise<GatewayHere> {
  const seen: GatewayEvent[] = [];
  const gateway = await startGateway(env, {
    version: '0.0.0',
    confinedBy: [],
    now,
    emit: (event) => seen.push(event),
    log: () => undefined,
    onFatal: (problems) => {
      throw new Error(JSON.stringify(problems));
    },
  });
  return {
    ...gateway,
    seen,
    port: () => gateway.listeners()[0]?.port ?? 0,
    until: (matches) => eventually(() => seen.find(matches) ?? null),
  };
}
