// The body that goes to the upstream: streamed as it comes, or held until it was judged whole.
import { Readable } from 'node:stream';
import {
  readHeldBody,
  streamBody,
  type BodyLimits,
  type BodyMemory,
  type HeldBody,
} from '../../adapters/http/body.js';
import { checkParsedBody, isParsedKind, judgeBody, type BodyPlan } from '../../core/couch/bodies.js';
import type { CouchDecision } from '../../core/couch/decide.js';
import { toUpstreamLocal } from '../../core/couch/local-documents.js';
import { isObject } from '../../core/env/env.js';
import { Refusal } from '../../core/errors.js';
import type { HeaderList } from '../../core/headers.js';
import type { Limits } from '../../core/limits.js';
import type { Exchange } from './exchange.js';
import type { LocalDocument } from './local-documents.js';

export interface UpstreamBody {
  readonly stream: Readable | null;
  readonly headers: HeaderList;
  /** Gives the memory of a held body back. */
  readonly release: () => void;
}

export const NO_BODY: UpstreamBody = { stream: null, headers: [], release: () => undefined };

interface Bounds {
  readonly limits: () => Limits;
  readonly memory: BodyMemory;
}

/** The body by its plan; throws the `Refusal` of one that may not go on, with nothing held any more. */
export async function createUpstreamBody(
  exchange: Exchange,
  decision: CouchDecision,
  plan: BodyPlan,
  local: LocalDocument | null,
  bounds: Bounds,
): Promise<UpstreamBody> {
  const limits = bounds.limits();
  const bodyLimits: BodyLimits = {
    maxBytes: limits[plan.limit],
    stallMs: limits.bodyStallMs,
    bytesPerSecond: limits.bodyBytesPerSecond,
  };
  if (plan.pass === 'streamed') return streamed(exchange, plan, bodyLimits);
  const judge = judgeBody(decision);
  const { request, response } = exchange;
  const held = await readHeldBody(request, response, bodyLimits, bounds.memory, (bytes) =>
    judge.write(bytes),
  );
  try {
    // CouchDB takes an empty body where it needs none (`_ensure_full_commit`).
    if (held.bytes > 0) judge.end();
    const { pieces, bytes } = rewritten(decision, held, local);
    const headers = ['content-type', plan.type, 'content-length', String(bytes)];
    return { stream: Readable.from(pieces), headers, release: held.release };
  } catch (error) {
    held.release();
    throw error;
  }
}

function streamed({ request, response, form }: Exchange, plan: BodyPlan, limits: BodyLimits): UpstreamBody {
  const length = form.bodyBytes;
  return {
    stream: streamBody(request, response, limits),
    headers: [
      ...['content-type', plan.type],
      // Without it, it goes up in chunks.
      ...(length === null ? [] : ['content-length', String(length)]),
    ],
    release: () => undefined,
  };
}

/** What was parsed to be judged is written anew: a text may have two readings, and a value has one. */
function rewritten(
  decision: CouchDecision,
  held: HeldBody,
  local: LocalDocument | null,
): Pick<HeldBody, 'pieces' | 'bytes'> {
  if (!isParsedKind(decision.operation.body) || held.bytes === 0) return held;
  const parsed: unknown = JSON.parse(Buffer.concat(held.pieces).toString('utf8'));
  if (!isObject(parsed)) throw new Refusal('body-shape');
  checkParsedBody(decision, parsed);
  const text = Buffer.from(
    JSON.stringify(local === null ? parsed : toUpstreamLocal(local.tag, local.id, parsed)),
  );
  return { pieces: [text], bytes: text.length };
}
