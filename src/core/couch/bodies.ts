// How the body of each operation is bounded and judged. A body that says who or what it is about is held until it
// was judged whole; attachments stream. What was parsed is written anew, so the upstream reads what was judged.
import { Refusal, type RefusalCode } from '../errors.js';
import type { LimitName, Limits } from '../limits.js';
import { isReplicationSelector } from './changes.js';
import type { CouchDecision } from './decide.js';
import { createBodyJudge, type BodyJudge, type IdRule } from './documents.js';
import type { BodyKind } from './operations.js';
import { ALL_DOCS_QUERY } from './query-names.js';

export interface BodyPlan {
  readonly limit: LimitName;
  /** Held and judged whole before the upstream hears of it, or passed on as it comes. */
  readonly pass: 'held' | 'streamed';
  /** The content type that the upstream is told. */
  readonly type: string;
}

interface BodyHeaders {
  readonly 'content-type'?: string | undefined;
  readonly 'content-encoding'?: string | undefined;
}

const JSON_TYPE = /^application\/json(?:\s*;|$)/i;
const MULTIPART_TYPE = /^multipart\/related\s*;/i;

const LIMITS_OF_KIND: Record<Exclude<BodyKind, 'none'>, LimitName> = {
  json: 'bodyBytes',
  'bulk-json': 'bulkBodyBytes',
  'bulk-documents': 'bulkBodyBytes',
  'new-document': 'bodyBytes',
  document: 'bodyBytes',
  'local-document': 'localDocumentBytes',
  'changes-filter': 'bodyBytes',
  keys: 'bodyBytes',
  attachment: 'attachmentBytes',
};

/**
 * The plan for a body of this kind; null where there is none. `bodyBytes` is the declared length, null for a chunked
 * body. Refuses what is too large by its own word (413), then what is of another type, or compressed (415).
 */
export function planBody(
  kind: BodyKind,
  headers: BodyHeaders,
  bodyBytes: number | null,
  limits: Limits,
): BodyPlan | null {
  if (kind === 'none') return null;
  const type = headers['content-type'];
  // A document with its attachments beside it, in one body.
  const isMultipart = kind === 'document' && type !== undefined && MULTIPART_TYPE.test(type);
  const isStreamed = isMultipart || kind === 'attachment';
  const limit = isMultipart ? 'attachmentBytes' : LIMITS_OF_KIND[kind];
  require('body-too-large', bodyBytes === null || bodyBytes <= limits[limit]);
  require('body-encoding', (headers['content-encoding'] ?? 'identity').toLowerCase() === 'identity');
  if (isStreamed) return { limit, pass: 'streamed', type: type ?? 'application/octet-stream' };
  require('body-type', type === undefined || JSON_TYPE.test(type));
  return { limit, pass: 'held', type: 'application/json' };
}

/** Judges a held body while it arrives. */
export function judgeBody(decision: CouchDecision): BodyJudge {
  const { body } = decision.operation;
  if (body === 'bulk-documents') return createBodyJudge('docs', mayEnter(decision));
  if (body === 'new-document') return createBodyJudge('root', mayEnter(decision));
  if (body === 'document') return createBodyJudge('root', isTheOneAskedFor(decision));
  return createBodyJudge('nowhere', () => undefined);
}

const mayEnter =
  ({ grant }: CouchDecision): IdRule =>
  (id) => {
    if (id?.startsWith('_local/') === true) throw new Refusal('body-local-document');
    if (id?.startsWith('_design/') === true && grant?.design !== true) throw new Refusal('needs-design');
  };

/** CouchDB goes by the path and other servers by the body: they must say the same. */
const isTheOneAskedFor =
  ({ segments }: CouchDecision): IdRule =>
  (id) => {
    if (id !== null && id !== segments.slice(1).join('/')) throw new Refusal('body-id');
  };

/** The parsed body of `_changes` and `_all_docs`, as the upstream may have it: names that it lists, and no others. */
export function checkParsedBody(decision: CouchDecision, body: Record<string, unknown>): void {
  const { operation, grant, query } = decision;
  if (operation.body === 'keys') requireNames(body, ['keys', ...ALL_DOCS_QUERY]);
  if (operation.body !== 'changes-filter') return;
  requireNames(body, ['doc_ids', 'selector']);
  const bySelector = query.some(({ name, value }) => name === 'filter' && value === '_selector');
  require('body-shape', bySelector === 'selector' in body);
  if (bySelector && grant?.query !== true) require('needs-query', isReplicationSelector(body['selector']));
}

const requireNames = (body: Record<string, unknown>, names: readonly string[]): void =>
  require('body-shape', Object.keys(body).every((name) => names.includes(name)));

function require(code: RefusalCode, holds: boolean): void {
  if (!holds) throw new Refusal(code);
}

/** Kinds whose bodies are parsed, and written anew for the upstream. */
export const isParsedKind = (kind: BodyKind): boolean =>
  kind === 'keys' || kind === 'changes-filter' || kind === 'local-document';
