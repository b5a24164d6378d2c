// What a desktop app imports: the gateway's launcher, the types of what it says, and its own part of pairing.
export {
  GatewayError,
  launchGateway,
  NotConfined,
  type Gateway,
  type LaunchOptions,
  type ReadyEvent,
} from './adapters/launch/launch-gateway.js';
export type { GatewayEvent, Listener, PrincipalName, TimedEvent } from './core/control/protocol.js';
export type { Problem } from './core/env/problems.js';
// The launcher's part of pairing, for an app that takes the agent's place.
export type { PairEndReason, PairEvent, PairKind } from './core/control/pairing.js';
export {
  createPairingCode,
  formatPairingCode,
  parsePairingCode,
  type PairingCode,
} from './core/pairing/code.js';
export { createJoinJoiner, type JoinJoinerOptions } from './core/pairing/launcher/join-joiner.js';
export { createJoinOfferer, type JoinOffererOptions } from './core/pairing/launcher/join-offerer.js';
export { createShare, type ShareOptions } from './core/pairing/launcher/share.js';
export {
  OUTCOMES,
  type Launcher,
  type LauncherEffect,
  type LauncherEvent,
  type Outcome,
} from './core/pairing/launcher/launcher.js';
