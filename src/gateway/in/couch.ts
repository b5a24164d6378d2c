// `/couch`: the decision, the body that it allows, and the way to the upstream and back. Nothing that the peer wrote
// goes up: target, headers and parsed bodies are written anew.
import type { BodyMemory } from '../../adapters/http/body.js';
import type { ForwardedReply } from '../../adapters/couch/forward.js';
import { readObject } from '../../adapters/couch/upstream.js';
import { discardBody, sendJson } from '../../adapters/http/reply.js';
import { planBody } from '../../core/couch/bodies.js';
import { decideCouch, type CouchDecision } from '../../core/couch/decide.js';
import { fromUpstreamLocal } from '../../core/couch/local-documents.js';
import { peerReplyHeaders, upstreamRequestHeaders } from '../../core/couch/reply-headers.js';
import { Refusal } from '../../core/errors.js';
import type { Limits } from '../../core/limits.js';
import type { Role } from '../../core/policy/policy.js';
import { formatTarget, type Target } from '../../core/target.js';
import { createUpstreamBody, NO_BODY } from './couch-body.js';
import type { CouchGate } from './couch-gate.js';
import type { Exchange } from './exchange.js';
import type { LocalDocument, LocalDocuments } from './local-documents.js';

export interface CouchOptions {
  readonly gate: () => CouchGate;
  readonly limits: () => Limits;
  readonly memory: BodyMemory;
  readonly localDocuments: LocalDocuments;
}

/** More than the document itself: the upstream adds a revision, and others add white space. */
const LOCAL_REPLY_SLACK_BYTES = 4096;
const UNAUTHORIZED = 401;

/** Answers `/couch/…` for one exchange; throws the `Refusal`, or rejects with it. */
export function createCouchHandler(options: CouchOptions): (exchange: Exchange) => Promise<void> {
  const { gate, limits, localDocuments } = options;

  function decide({ request, target }: Exchange, role: Role): CouchDecision {
    const { trailingSlash, query } = target;
    const below: Target = { segments: target.segments.slice(1), trailingSlash, query };
    return decideCouch(role, request.method ?? '', below, limits());
  }

  async function forward(exchange: Exchange, decision: CouchDecision): Promise<void> {
    const { principal, request, form } = exchange;
    const plan = planBody(decision.operation.body, request.headers, form.bodyBytes, limits());
    // One gate for all of it: a reload makes another, whose credentials may not have passed yet.
    const at = gate();
    // Before a body is let in; and of all requests, by the gate, before they go up.
    if (plan !== null) await at.require(principal.role, decision);
    // Whoever left meanwhile is told of by no event any more: neither a body nor a reply must be waited for.
    exchange.throwIfEnded();
    const local = localDocuments.of(principal, decision);
    const body = plan === null ? NO_BODY : await createUpstreamBody(exchange, decision, plan, local, options);
    try {
      exchange.throwIfEnded();
      const upstreamRequest = {
        method: decision.method,
        path: formatTarget(local?.segments ?? decision.segments, decision.query),
        headers: [...upstreamRequestHeaders(request.headers), ...body.headers],
        body: body.stream,
        firstByteMs: decision.feed ? null : limits().upstreamFirstByteMs,
      };
      const reply = await at.forward(principal.role, decision, upstreamRequest, exchange);
      if (reply.status === UNAUTHORIZED) throw await at.explain401(principal.role, reply);
      await (local === null ? sendReply(exchange, decision, reply) : sendLocal(exchange, local, reply));
    } finally {
      body.release();
    }
  }

  async function sendLocal(
    { response }: Exchange,
    { tag, id }: LocalDocument,
    reply: ForwardedReply,
  ): Promise<void> {
    const maxBytes = limits().localDocumentBytes + LOCAL_REPLY_SLACK_BYTES;
    // Nothing went out yet: one that breaks off can still be told of.
    const object = await readObject(reply, maxBytes).catch(() => null);
    if (object === null) throw new Refusal('upstream-failed');
    sendJson(response, statusOf(reply), `${JSON.stringify(fromUpstreamLocal(tag, id, object))}\n`);
  }

  return (exchange) => {
    const { principal, response, form } = exchange;
    const decision = decide(exchange, principal.role);
    exchange.permittedWhile(({ role }) => isPermitted(() => decide(exchange, role)));
    if (decision.feed) exchange.becomeFeed();
    if (decision.operation.body === 'none' && form.hasBody) throw new Refusal('body-unexpected');
    const own = gate().answer(decision, principal.role);
    if (own === null) return forward(exchange, decision);
    return own.then((answer) => sendJson(response, 200, `${JSON.stringify(answer)}\n`));
  };
}

async function sendReply(
  { response }: Exchange,
  decision: CouchDecision,
  reply: ForwardedReply,
): Promise<void> {
  response.writeHead(statusOf(reply), peerReplyHeaders(reply.headers, decision.operation.answer));
  // A feed says that it is open before it has something to say.
  if (decision.feed) response.flushHeaders();
  await reply.body.sendTo(response);
  // The upstream may refuse a body before it has it whole.
  if (!response.req.complete) discardBody(response.req);
}

/** Refuses what is no status of a final reply (RFC 9110 section 15). */
function statusOf({ status }: ForwardedReply): number {
  if (status < 200 || status > 599) throw new Refusal('upstream-failed');
  return status;
}

function isPermitted(decide: () => CouchDecision): boolean {
  try {
    decide();
    return true;
  } catch {
    return false;
  }
}
