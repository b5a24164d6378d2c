// `/` and `/revocations`: who this device is, and who is denied.
import { sendJson } from '../../adapters/http/reply.js';
import type { Service } from '../../core/env/env.js';
import type { TrustedCa } from '../../core/leaf/trust.js';
import { formatStatement } from '../../core/statements.js';
import type { Exchange } from './exchange.js';

/** What this gateway serves; a peer asks for nothing that is not named here. */
const CAPABILITIES = ['couch', 'files', 'leaves', 'have', 'revocations'] as const;
const OWN_CA = 'user';

export function sendInfo({ response }: Exchange, { identity }: Service, version: string, now: Date): void {
  const { userId, deviceId, name } = identity;
  const info = { userId, deviceId, name, version, time: now.toISOString(), capabilities: CAPABILITIES };
  sendJson(response, 200, `${JSON.stringify(info)}\n`);
}

/**
 * All revocations to own devices; to another user's those of this user and of that user's own CA. Who is whitelisted
 * belongs to no user that is known here, and gets those of this user.
 */
export function sendRevocations({ response, principal }: Exchange, { trust, revocations }: Service): void {
  const issuer = 'issuer' in principal.by ? principal.by.issuer : null;
  const isVisible = ({ name }: TrustedCa): boolean => issuer === OWN_CA || name === OWN_CA || name === issuer;
  const visible = new Set(trust.cas.filter(isVisible).map(({ userId }) => userId));
  const statements = revocations.filter(({ by }) => visible.has(by)).map(formatStatement);
  sendJson(response, 200, `${JSON.stringify({ revocations: statements })}\n`);
}
