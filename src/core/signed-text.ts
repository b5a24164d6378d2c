// A text that somebody has signed, as it travels and lies in a database: parsed and verified here, and never made. What
// may stand in it is said by who asks.
import { createHash, verify, type KeyObject } from 'node:crypto';
import * as v from 'valibot';

/** The form in which it travels and is stored. */
export interface SignedDocument {
  /** The exact JSON text that was signed. */
  readonly payload: string;
  /** Base64url of the 64 bytes r ‖ s (IEEE P1363). */
  readonly signature: string;
  readonly by: string;
}

/** Of the right form. Who has not verified it knows nothing yet. */
export interface SignedText<Payload> {
  /** SHA-256 of the payload's bytes in lower-case hex: the `_id` in the directory. */
  readonly id: string;
  readonly by: string;
  readonly payload: Payload;
  readonly payloadText: string;
  readonly signature: Uint8Array;
}

export interface TextProblem {
  readonly problem: 'envelope' | 'payload-size' | 'payload-json' | 'payload';
}

export const MAX_PAYLOAD_BYTES = 32 * 1024;
const SIGNATURE_CHARACTERS = 86;

const ENVELOPE = v.strictObject({ payload: v.string(), signature: v.string(), by: v.string() });

/** What is in `untrusted`, or what is wrong with it. Never throws. */
export function parseSigned<Schema extends v.GenericSchema>(
  untrusted: unknown,
  schema: Schema,
): SignedText<v.InferOutput<Schema>> | TextProblem {
  const envelope = v.safeParse(ENVELOPE, untrusted);
  if (!envelope.success) return { problem: 'envelope' };
  const { payload: payloadText, signature: signatureText, by } = envelope.output;
  const signature = Buffer.from(signatureText, 'base64url');
  // Two texts of one signature would be two documents.
  if (signatureText.length !== SIGNATURE_CHARACTERS || signature.toString('base64url') !== signatureText) {
    return { problem: 'envelope' };
  }
  const payload = parsePayload(payloadText, schema);
  if (!('output' in payload)) return payload;
  const id = createHash('sha256').update(payloadText).digest('hex');
  return { id, by, payload: payload.output, payloadText, signature };
}

function parsePayload<Schema extends v.GenericSchema>(
  payloadText: string,
  schema: Schema,
): { readonly output: v.InferOutput<Schema> } | TextProblem {
  if (Buffer.byteLength(payloadText) > MAX_PAYLOAD_BYTES) return { problem: 'payload-size' };
  let untrusted: unknown;
  try {
    untrusted = JSON.parse(payloadText);
  } catch {
    return { problem: 'payload-json' };
  }
  const payload = v.safeParse(schema, untrusted);
  return payload.success ? { output: payload.output } : { problem: 'payload' };
}

/** The bytes that are signed for a payload. The prefix says what kind of text it is: none stands for another. */
export const bytesToSign = (prefix: string, payloadText: string): Uint8Array =>
  Buffer.concat([Buffer.from(`${prefix}\0`), Buffer.from(payloadText)]);

/** Whether this key signed it: ECDSA P-256 with SHA-256. False on any doubt. */
export const isSignedWith = (
  prefix: string,
  { payloadText, signature }: Pick<SignedText<unknown>, 'payloadText' | 'signature'>,
  key: KeyObject,
): boolean =>
  verify('sha256', bytesToSign(prefix, payloadText), { key, dsaEncoding: 'ieee-p1363' }, signature);

/** What was parsed, to the letter. */
export const formatSigned = ({ payloadText, signature, by }: SignedText<unknown>): SignedDocument => ({
  payload: payloadText,
  signature: Buffer.from(signature).toString('base64url'),
  by,
});
