// Whether a local program may speak here: by the Host that it names, by not being a page in a browser, and by the
// token, which is the password of basic authentication, so that it may change while the address stays.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Refusal } from '../../core/errors.js';
import { STREAM_USER } from '../../core/peers/stream-target.js';

const BASIC = /^basic +([A-Za-z0-9+/]+=*)$/i;
const CHALLENGE = { 'www-authenticate': 'Basic realm="patchcord"' };

/** A page that has its own name resolve to 127.0.0.1 names itself, and any page names its origin. */
export function checkOrigin({ headers }: IncomingMessage, port: number | null): void {
  if (headers.origin !== undefined) throw new Refusal('foreign-origin');
  const [name, portText] = (headers.host ?? '').split(':');
  const isHere = name === '127.0.0.1' || name?.toLowerCase() === 'localhost';
  const isThisPort = port === null || portText === String(port);
  if (!isHere || !isThisPort) throw new Refusal('foreign-host');
}

/** Throws the `Refusal` unless one of `tokens` is the password; takes as long for each. */
export function checkToken({ headers }: IncomingMessage, tokens: readonly string[]): void {
  const [user, password] = credentialsIn(headers.authorization);
  const digest = digestOf(password);
  const matching = tokens.filter((token) => timingSafeEqual(digestOf(token), digest));
  if (user !== STREAM_USER || matching.length === 0) throw new Refusal('stream-token', CHALLENGE);
}

/** RFC 7617; two empty texts where there is nothing of the kind. */
function credentialsIn(header: string | undefined): readonly [string, string] {
  const encoded = BASIC.exec(header ?? '')?.[1] ?? '';
  const pair = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  return colon < 0 ? ['', ''] : [pair.slice(0, colon), pair.slice(colon + 1)];
}

/** Of one length, whatever the text. */
const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();
