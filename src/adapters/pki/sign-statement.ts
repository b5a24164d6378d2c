// Signs statements with the user CA key. What would not be accepted is not signed.
import { sign } from 'node:crypto';
import { parseStatement, signedBytes, type Payload, type StatementDocument } from '../../core/statements.js';
import { PkiError } from './keys.js';
import type { UserCa } from './user-ca.js';

/** The signed statement. Throws `PkiError` `not-a-statement` when the payload is malformed or of another user. */
export function signStatement(payload: Payload, ca: Pick<UserCa, 'keyPem' | 'userId'>): StatementDocument {
  const payloadText = JSON.stringify(payload);
  const signature = sign('sha256', signedBytes(payloadText), { key: ca.keyPem, dsaEncoding: 'ieee-p1363' });
  const document = { payload: payloadText, signature: signature.toString('base64url'), by: ca.userId };
  const parsed = parseStatement(document);
  if ('problem' in parsed)
    throw new PkiError('not-a-statement', `the statement has a problem: ${parsed.problem}`);
  return document;
}
