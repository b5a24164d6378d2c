// What two launchers say to each other through a proved run, as JSON in `pair-send` and `pair-data`. Parsed here and
// nowhere else; the other launcher is a stranger until both people have compared the digits.
import * as v from 'valibot';
import { MAX_PAIR_DATA_BYTES } from '../../control/pairing.js';
import { MAX_CERTIFICATE_CHARACTERS, type StatementDocument } from '../../statements.js';
import { bytesShape, formatBytes } from '../bytes.js';

export const DIGEST_BYTES = 32;
export const NONCE_BYTES = 32;
export const MAX_CSR_BYTES = 4 * 1024;
export const MAX_CA_BYTES = 4 * 1024;
/** A user CA and a list of databases, as the text of `formatGrant`. */
export const MAX_GRANT_BYTES = 28 * 1024;
/** Statements that a leaf comes with; what has no room in a message comes by the directory. */
export const MAX_FIRST_STATEMENTS = 64;
/** PKCS#8, encrypted, as PEM. */
const MAX_CA_KEY_CHARACTERS = 4 * 1024;

const STATEMENT = v.strictObject({ payload: v.string(), signature: v.string(), by: v.string() });

const MESSAGE = v.variant('type', [
  v.strictObject({ type: v.literal('commit'), commitment: bytesShape(DIGEST_BYTES) }),
  v.strictObject({ type: v.literal('ca'), nonce: bytesShape(NONCE_BYTES), ca: bytesShape(1, MAX_CA_BYTES) }),
  v.strictObject({
    type: v.literal('open-csr'),
    nonce: bytesShape(NONCE_BYTES),
    csr: bytesShape(1, MAX_CSR_BYTES),
  }),
  v.strictObject({
    type: v.literal('open-grant'),
    nonce: bytesShape(NONCE_BYTES),
    grant: bytesShape(1, MAX_GRANT_BYTES),
  }),
  v.strictObject({ type: v.literal('yes') }),
  v.strictObject({ type: v.literal('no') }),
  v.strictObject({
    type: v.literal('leaf'),
    leaf: v.pipe(v.string(), v.maxLength(MAX_CERTIFICATE_CHARACTERS)),
    statements: v.pipe(v.array(STATEMENT), v.maxLength(MAX_FIRST_STATEMENTS), v.readonly()),
    caKey: v.exactOptional(v.pipe(v.string(), v.maxLength(MAX_CA_KEY_CHARACTERS))),
  }),
  v.strictObject({ type: v.literal('stored') }),
]);

export type LauncherMessage = v.InferOutput<typeof MESSAGE>;
export type MessageType = LauncherMessage['type'];
export type MessageOf<Type extends MessageType> = Extract<LauncherMessage, { type: Type }>;

/** What a holder of the CA key gives a new device. */
export interface IssuedLeaf {
  /** PEM. */
  readonly leaf: string;
  readonly statements: readonly StatementDocument[];
  /** The user CA key, for a device that may add others: PKCS#8 as PEM, encrypted under what was typed on both. */
  readonly caKey?: string;
}

/** The message in `data`; null for what is none: unknown types and keys included. Never throws. */
export function parseLauncherMessage(data: Uint8Array): LauncherMessage | null {
  if (data.length > MAX_PAIR_DATA_BYTES) return null;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(data);
    const result = v.safeParse(MESSAGE, JSON.parse(text));
    return result.success ? result.output : null;
  } catch {
    return null;
  }
}

/** The bytes of a message; throws `RangeError` for one that does not fit. */
export function formatLauncherMessage(message: LauncherMessage): Uint8Array {
  const fields = Object.entries(message).map(([name, value]: [string, unknown]) => [
    name,
    value instanceof Uint8Array ? formatBytes(value) : value,
  ]);
  const text = JSON.stringify(Object.fromEntries(fields));
  const data = new TextEncoder().encode(text);
  if (data.length > MAX_PAIR_DATA_BYTES) throw new RangeError('the message is too long');
  return data;
}

/** As many of `statements`, from the first, as have room beside `leaf` and `caKey` in one message. */
export function fitIssuedLeaf(issued: IssuedLeaf): IssuedLeaf {
  const bytesOf = (statements: readonly StatementDocument[]): number =>
    Buffer.byteLength(JSON.stringify({ type: 'leaf', ...issued, statements }));
  let statements = issued.statements.slice(0, MAX_FIRST_STATEMENTS);
  while (statements.length > 0 && bytesOf(statements) > MAX_PAIR_DATA_BYTES)
    statements = statements.slice(0, -1);
  return { ...issued, statements };
}
