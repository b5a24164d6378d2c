// Asks a peer for the revocations that it knows, before anything else is asked on a connection; tells the launcher of
// those that are new, and holds the connection until it has stored them. The peer is believed nothing: each counts by
// the signature of a CA of `trust.cas`.
import type { PeerConnection } from '../../adapters/peer/connection.js';
import type { GatewayEvent } from '../../core/control/protocol.js';
import { isObject, type Service } from '../../core/env/env.js';
import type { DeviceId } from '../../core/ids.js';
import {
  formatStatement,
  parseStatement,
  verifyStatement,
  type RevocationPayload,
  type Statement,
} from '../../core/statements.js';

export interface RevocationsOptions {
  readonly service: () => Service;
  readonly emit: (event: GatewayEvent) => void;
}

export interface Revocations {
  /** Resolves when requests may go; rejects with `GreetingFailed` when the peer does not say what it knows. */
  exchange(connection: PeerConnection): Promise<void>;
  /** The launcher may have stored what it was told. */
  onReload(): void;
}

export class GreetingFailed extends Error {
  readonly code: string = 'revocations';
}

const ANSWER_MS = 5000;
/** How long requests wait for the launcher. */
const HOLD_MS = 5000;
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
/** More than a few that nobody signed are no mistake. */
const MAX_UNSIGNED = 16;
/** As many as fit into one line of the control channel. */
const MAX_IN_EVENT = 500;
const OK = 200;
/** A peer that has whitelisted this device's certificate has none for it. */
const NOT_FOUND = 404;

export function createRevocations({ service, emit }: RevocationsOptions): Revocations {
  const holding = new Set<() => void>();

  const knownIds = (): Set<string> => new Set(service().revocations.map(({ id }) => id));

  /** Those that are signed and new; throws for a peer that has others. */
  function newOnes(entries: readonly unknown[]): Statement[] {
    const known = knownIds();
    const learned = new Map<string, Statement>();
    let unsigned = 0;
    for (const entry of entries) {
      const statement = parseStatement(entry);
      if (!('problem' in statement) && known.has(statement.id)) continue;
      if (isSigned(statement)) learned.set(statement.id, statement);
      else if ((unsigned += 1) > MAX_UNSIGNED) throw new GreetingFailed();
    }
    return [...learned.values()];
  }

  function isSigned(statement: ReturnType<typeof parseStatement>): statement is Statement {
    if ('problem' in statement || statement.payload.type !== 'revocation') return false;
    const ca = service().trust.cas.find(({ userId }) => userId === statement.by);
    return ca !== undefined && verifyStatement(statement, ca.publicKey);
  }

  function tell(deviceId: DeviceId, learned: readonly Statement[]): void {
    for (let at = 0; at < learned.length; at += MAX_IN_EVENT) {
      const revocations = learned.slice(at, at + MAX_IN_EVENT).map(formatStatement);
      emit({ event: 'revocations-learned', deviceId, revocations });
    }
  }

  const hold = (learned: readonly Statement[]): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        const known = knownIds();
        if (learned.every(({ id }) => known.has(id))) end();
      };
      const end = (): void => {
        clearTimeout(deadline);
        holding.delete(look);
        resolve();
      };
      const deadline = setTimeout(end, HOLD_MS);
      holding.add(look);
    });

  return {
    async exchange(connection) {
      const learned = newOnes(await ask(connection));
      if (learned.length === 0) return;
      const { deviceId, x509 } = connection.leaf;
      tell(deviceId, learned);
      await hold(learned);
      // Whether the launcher has stored it or not, the peer itself may be the one that is revoked.
      const signers = service().trust.cas.filter(({ publicKey }) => x509.verify(publicKey));
      const revokes = ({ by, payload }: Statement): boolean =>
        (payload as RevocationPayload).deviceId === deviceId && signers.some(({ userId }) => userId === by);
      if (learned.some(revokes)) throw new GreetingFailed();
    },
    onReload: () => [...holding].forEach((look) => look()),
  };
}

async function ask(connection: PeerConnection): Promise<readonly unknown[]> {
  const question = {
    method: 'GET',
    path: '/revocations',
    headers: { accept: 'application/json' },
    body: null,
    firstByteMs: ANSWER_MS,
  };
  const signal = AbortSignal.timeout(ANSWER_MS);
  const answered = connection.send(question, signal);
  // Nobody else may have it after this.
  connection.reserve();
  const reply = await answered;
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const piece of reply as AsyncIterable<Buffer>) {
      bytes += piece.length;
      if (bytes > MAX_ANSWER_BYTES) throw new GreetingFailed();
      pieces.push(piece);
    }
  } catch {
    throw new GreetingFailed();
  }
  if (reply.statusCode === NOT_FOUND) return [];
  return readAnswer(reply.statusCode, Buffer.concat(pieces).toString('utf8'));
}

function readAnswer(status: number | undefined, text: string): readonly unknown[] {
  try {
    const answer: unknown = JSON.parse(text);
    const revocations = status === OK && isObject(answer) ? answer['revocations'] : null;
    if (Array.isArray(revocations)) return revocations;
  } catch {
    // Not JSON: as below.
  }
  throw new GreetingFailed();
}
