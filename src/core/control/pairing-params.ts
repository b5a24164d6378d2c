// What the four methods of pairing take: shapes, and every problem in what a launcher sent.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import * as v from 'valibot';
import { createProblems, parseShape, type Problem, type Problems } from '../env/problems.js';
import { parsePairingCode, type PairingCode } from '../pairing/code.js';
import { isDeviceName } from '../statements.js';
import {
  MAX_OFFER_SECONDS,
  MAX_PAIR_DATA_BYTES,
  PAIR_KINDS,
  parseOfferId,
  parseRunId,
  type OfferId,
  type RunId,
} from './pairing.js';

const MAX_PEM_CHARACTERS = 4 * 1024;
const MAX_DATA_CHARACTERS = Math.ceil((MAX_PAIR_DATA_BYTES * 4) / 3);

const pem = v.pipe(v.string(), v.maxLength(MAX_PEM_CHARACTERS, 'is too long'));
const kind = v.picklist(PAIR_KINDS, `must be ${PAIR_KINDS.map((name) => `"${name}"`).join(' or ')}`);
const code = v.pipe(
  v.string(),
  v.check((typed) => parsePairingCode(typed) !== null, 'must be a code: 8 characters of base32'),
  v.transform((typed) => parsePairingCode(typed) as PairingCode),
);
const label = v.pipe(
  v.string(),
  v.check(isDeviceName, 'must have 1 to 64 characters, none of them control or bidirectional'),
);
const seconds = v.pipe(
  v.number(),
  v.check(
    (value) => Number.isInteger(value) && value >= 1 && value <= MAX_OFFER_SECONDS,
    `must be a whole number of seconds from 1 to ${MAX_OFFER_SECONDS}`,
  ),
);
const run = v.pipe(
  v.string(),
  v.check((text) => parseRunId(text) !== null, 'must be the id of a run'),
  v.transform((text) => text as RunId),
);
const offer = v.pipe(
  v.string(),
  v.check((text) => parseOfferId(text) !== null, 'must be the id of an offer'),
  v.transform((text) => text as OfferId),
);
const port = v.pipe(
  v.number(),
  v.check((value) => Number.isInteger(value) && value >= 1 && value <= 65_535, 'must be a port'),
);
/** Link-local with its link, or loopback. */
const address = v.pipe(
  v.strictObject({
    address: v.pipe(v.string(), v.regex(/^(?:::1|fe80::[0-9a-f:]{1,34})$/, 'must be fe80::… or ::1')),
    zone: v.nullable(v.pipe(v.string(), v.regex(/^[^\s/%:]{1,15}$/, 'must be the name of a link'))),
    port,
  }),
  v.check(
    ({ address: text, zone }) => (text === '::1') === (zone === null),
    'must have a zone unless on ::1',
  ),
);
const data = v.pipe(
  v.string(),
  v.maxLength(MAX_DATA_CHARACTERS, 'is too long'),
  v.check((text) => Buffer.from(text, 'base64url').toString('base64url') === text, 'must be base64url'),
  v.transform((text): Uint8Array => Buffer.from(text, 'base64url')),
);

const OFFER = v.strictObject({ kind, code, label, leaf: pem, key: pem, seconds });
const JOIN = v.strictObject({
  kind,
  offer: v.union([offer, address], 'must be the id of an offer, or {"address", "zone", "port"}'),
  code,
  label,
  leaf: pem,
  key: pem,
});
const SEND = v.strictObject({ run, data });
const CANCEL = v.strictObject({ run });

export type PairOfferParams = v.InferOutput<typeof OFFER>;
export type PairJoinParams = v.InferOutput<typeof JOIN>;
export type PairSendParams = v.InferOutput<typeof SEND>;
export type PairCancelParams = v.InferOutput<typeof CANCEL>;

export type ParsedParams<Params> = { readonly params: Params } | { readonly problems: readonly Problem[] };

/** The params of `pair-offer`, or every problem. */
export const parsePairOffer = (untrusted: unknown): ParsedParams<PairOfferParams> =>
  parseParams(OFFER, untrusted, checkThrowAway);
/** The params of `pair-join`, or every problem. */
export const parsePairJoin = (untrusted: unknown): ParsedParams<PairJoinParams> =>
  parseParams(JOIN, untrusted, checkThrowAway);
/** The params of `pair-send`, or every problem. */
export const parsePairSend = (untrusted: unknown): ParsedParams<PairSendParams> =>
  parseParams(SEND, untrusted);
/** The params of `pair-cancel`, or every problem. */
export const parsePairCancel = (untrusted: unknown): ParsedParams<PairCancelParams> =>
  parseParams(CANCEL, untrusted);

function parseParams<Schema extends v.GenericSchema>(
  schema: Schema,
  untrusted: unknown,
  check?: (params: v.InferOutput<Schema>, problems: Problems) => void,
): ParsedParams<v.InferOutput<Schema>> {
  const problems = createProblems();
  const params = parseShape(schema, untrusted, [], problems);
  if (params !== null) check?.(params, problems);
  return params === null || problems.list.length > 0 ? { problems: problems.list } : { params };
}

/** The leaf and the key of one run must be each other's: TLS would only say so to a stranger. */
function checkThrowAway({ leaf, key }: { leaf: string; key: string }, problems: Problems): void {
  try {
    const certificate = new X509Certificate(leaf);
    if (!certificate.checkPrivateKey(createPrivateKey(key))) problems.add(['key'], 'is not the key of leaf');
  } catch {
    problems.add(['leaf'], 'and key must be a certificate and its private key, as PEM');
  }
}
