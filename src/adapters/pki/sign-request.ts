// Signs, with this device's leaf key, what it asks of a device that has the user CA key.
import { sign } from 'node:crypto';
import { parseRequest, requestBytes, type Request, type RequestPayload } from '../../core/requests.js';
import { PkiError } from './keys.js';

/** Throws `PkiError` `not-a-request` when the payload is malformed. */
export function signRequest(payload: RequestPayload, keyPem: string): Request {
  const payloadText = JSON.stringify(payload);
  const signature = sign('sha256', requestBytes(payloadText), { key: keyPem, dsaEncoding: 'ieee-p1363' });
  const request = parseRequest({
    payload: payloadText,
    signature: signature.toString('base64url'),
    by: payload.from,
  });
  if ('problem' in request)
    throw new PkiError('not-a-request', `the request has a problem: ${request.problem}`);
  return request;
}
