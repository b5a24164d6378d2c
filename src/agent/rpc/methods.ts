// What other commands can ask a running `up`, as types: JSON-RPC 2.0 on the agent's socket.
import type { CouchLogin } from '../../adapters/couch-client/couch-client.js';
import type { Credentials } from '../config/gateway-env.js';
import type { DatabaseMethods } from '../databases/handlers.js';
import type { DirectoryMethods } from '../directory/methods.js';
import type { PairingMethods } from '../pairing/desk.js';
import type { SyncMethods } from '../sync/handlers.js';
import type { AgentStatus } from '../status/status.js';

export interface CouchAccess {
  readonly kind: 'embedded' | 'configured';
  readonly url: string;
  /** The limited ones, as the gateway has them. */
  readonly credentials: Credentials;
}

/** Method by method: what it resolves with. */
export interface AgentMethods extends AnswersOf<WithParams> {
  readonly status: AgentStatus;
  readonly couchdb: CouchAccess;
  /** The administrator of the embedded server, whom nothing else knows; null where CouchDB is another. */
  readonly 'couchdb-admin': CouchLogin | null;
  /** Reads credentials.json again. */
  readonly 'refresh-credentials': Readonly<Record<string, never>>;
}

type AnswersOf<Methods> = {
  readonly [Method in keyof Methods]: Methods[Method] extends readonly [unknown, infer Answer]
    ? Answer
    : never;
};

export type AgentMethod = keyof AgentMethods;

/** What it is asked with; most are asked with nothing. */
export type AgentParams<Method extends AgentMethod> = Method extends keyof WithParams
  ? WithParams[Method][0]
  : object;
type WithParams = DatabaseMethods & DirectoryMethods & PairingMethods & SyncMethods;

export type AgentHandlers = {
  readonly [Method in AgentMethod]: (params: AgentParams<Method>) => Promise<AgentMethods[Method]>;
};
