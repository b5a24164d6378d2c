// `/` and `/revocations`: who this device is, and who is denied.
import { sendJson } from '../../adapters/http/reply.js';
import type { Service } from '../../core/env/env.js';
import { Refusal } from '../../core/errors.js';
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

/** All revocations to own devices; to another user's those of this user and of that user's own CA. */
export function sendRevocations({ response, principal }: Exchange, { trust, revocations }: Service): void {
  const { by } = principal;
  // A whitelisted certificate belongs to no user whose statements it could need.
  if ('cert' in by) throw new Refusal('no-such-resource');
  const visible = new Set(
    trust.cas
      .filter(({ name }) => by.issuer === OWN_CA || name === OWN_CA || name === by.issuer)
      .map(({ userId }) => userId),
  );
  const statements = revocations.filter((statement) => visible.has(statement.by)).map(formatStatement);
  sendJson(response, 200, `${JSON.stringify({ revocations: statements })}\n`);
}
