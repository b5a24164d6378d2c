// What a desktop app imports: the gateway's launcher, and the types of what it says.
export {
  GatewayError,
  launchGateway,
  type Gateway,
  type LaunchOptions,
  type ReadyEvent,
} from './adapters/launch/launch-gateway.js';
export type { GatewayEvent, Listener, PrincipalName, TimedEvent } from './core/control/protocol.js';
export type { Problem } from './core/env/problems.js';
