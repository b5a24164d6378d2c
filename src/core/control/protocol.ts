// The control channel between gateway and launcher, as types: JSON-RPC 2.0 requests one way, events and answers the
// other. docs/protocol-control.md is its prose.
import type { Problem } from '../env/problems.js';
import { isObject } from '../env/env.js';
import type { DeviceId } from '../ids.js';
import type { DenialCode } from '../leaf/judge.js';
import type { RefusalCode } from '../errors.js';
import type { StatementDocument } from '../statements.js';
import type { PairEvent } from './pairing.js';

export interface Listener {
  /** Without its zone. */
  readonly address: string;
  /** The link; null for loopback. */
  readonly zone: string | null;
  readonly port: number;
}

/** Where the peer streams listen. */
export interface StreamDoor {
  /** On 127.0.0.1; null where only the passed socket is listened on. */
  readonly port: number | null;
  readonly fd: 3 | null;
}

/** A principal, as events name one. */
export interface PrincipalName {
  readonly deviceId: DeviceId;
  readonly role: string;
  readonly issuer?: string;
  readonly cert?: string;
}

/** Limits that can end or refuse a connection before there is a request to answer. */
export type ConnectionRule =
  | 'strangers'
  | 'strangers-per-address'
  | 'stranger-timeout'
  | 'tls'
  | 'connections'
  | 'connections-per-principal'
  | 'malformed-http';

export interface DeniedEvent {
  readonly event: 'denied';
  readonly rule: DenialCode | RefusalCode | ConnectionRule;
  /** Who was refused; null for someone who was not let in. */
  readonly principal: PrincipalName | null;
  /** Why there is no principal, in words; only where there is none. */
  readonly reason?: string;
  /** The device id that a refused leaf's key has. */
  readonly deviceId?: DeviceId;
  readonly address?: string;
  /** The device that was meant, where it was this side that dialled. */
  readonly dialled?: DeviceId;
  readonly requestId?: string;
  /** How many refusals by this rule this stands for, where they came too fast to be told one by one. */
  readonly count?: number;
}

/** An address on a link where a device might be; only its leaf says whether it is. */
export interface PeerHint {
  /** Null for a name that no known device has today. */
  readonly deviceId: DeviceId | null;
  /** The name of the day. */
  readonly instance: string;
  /** Without its zone. */
  readonly address: string;
  readonly zone: string;
  readonly port: number;
}

export type GatewayEvent =
  | {
      readonly event: 'ready';
      readonly listeners: readonly Listener[];
      readonly confinedBy: readonly string[];
      /** Where local programs reach peers; null where they cannot. */
      readonly peerStreams: StreamDoor | null;
    }
  | ({ readonly event: 'listening' } & Listener)
  | ({ readonly event: 'unlistening' } & Listener)
  | { readonly event: 'connected'; readonly principal: PrincipalName; readonly address: string }
  | { readonly event: 'disconnected'; readonly principal: PrincipalName; readonly address: string }
  | ({
      readonly event: 'peer-reached';
      readonly deviceId: DeviceId;
      readonly principal: PrincipalName;
    } & Listener)
  | { readonly event: 'peer-unreached'; readonly deviceId: DeviceId }
  | { readonly event: 'peer-turns-away'; readonly deviceId: DeviceId }
  | {
      readonly event: 'revocations-learned';
      /** The peer that had them. */
      readonly deviceId: DeviceId;
      readonly revocations: readonly StatementDocument[];
    }
  | ({ readonly event: 'peer-seen' } & PeerHint)
  | ({ readonly event: 'peer-lost' } & PeerHint)
  | PairEvent
  | DeniedEvent
  | {
      readonly event: 'warning';
      readonly code: WarningCode;
      readonly message: string;
      readonly about?: string;
    }
  | { readonly event: 'fatal'; readonly problems: readonly Problem[] }
  | { readonly event: 'stopped' };

export type WarningCode =
  | 'credential'
  | 'database-admin'
  | 'upstream-down'
  | 'listen'
  | 'discovery'
  | 'leaf-dates'
  | 'blob-corrupt'
  | 'out-of-files'
  | 'events-dropped';

/** As it stands on the line. */
export type TimedEvent = GatewayEvent & { readonly time: string };

export type RpcId = string | number | null;

export interface RpcRequest {
  /** Undefined for a notification, which gets no answer. */
  readonly id: RpcId | undefined;
  readonly method: string;
  readonly params: unknown;
}

export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

export const RPC_ERRORS = {
  parse: { code: -32700, message: 'Parse error' },
  request: { code: -32600, message: 'Invalid Request' },
  method: { code: -32601, message: 'Method not found' },
  params: { code: -32602, message: 'Invalid params' },
  internal: { code: -32603, message: 'Internal error' },
  /** A gateway has one offer or one join at a time. */
  pairing: { code: -32001, message: 'Another run is under way' },
  /** It ended, or never was; or nothing is proved yet, so that nothing can be sent. */
  run: { code: -32002, message: 'No such run, or not proved yet' },
} as const satisfies Record<string, RpcError>;

export type RpcAnswer =
  | { readonly jsonrpc: '2.0'; readonly id: RpcId; readonly result: unknown }
  | { readonly jsonrpc: '2.0'; readonly id: RpcId; readonly error: RpcError };

/** The request on a line (JSON-RPC 2.0, section 4), or the error that answers it. A null line was too long. */
export function parseRpcRequest(line: string | null): RpcRequest | RpcError {
  if (line === null) return RPC_ERRORS.request;
  let raw: unknown;
  try {
    raw = JSON.parse(line);
  } catch {
    return RPC_ERRORS.parse;
  }
  if (!isObject(raw) || raw['jsonrpc'] !== '2.0' || typeof raw['method'] !== 'string')
    return RPC_ERRORS.request;
  const id = raw['id'];
  if (id !== undefined && id !== null && typeof id !== 'string' && typeof id !== 'number')
    return RPC_ERRORS.request;
  return { id, method: raw['method'], params: raw['params'] };
}
