// What a device does with the statements that it holds: whom its gateway trusts, what it grants them, whom it denies,
// whom it looks for. Pure; what the configuration says stands over it.
import { createPublicKey, type KeyObject } from 'node:crypto';
import type * as v from 'valibot';
import type { POLICY } from '../env/shape.js';
import { userIdOf, type DeviceId, type UserId } from '../ids.js';
import { formatStatement, verifyStatement, type StatementDocument } from '../statements.js';
import { isRevokedBy, type DirectoryRecord, type ShareStatement } from './record.js';

type Policy = v.InferOutput<typeof POLICY>;

export interface ViewContext {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
  /** PEM by name, as in the configuration: without this user's own. */
  readonly configuredCas: Readonly<Record<string, string>>;
  readonly ownCa: string;
  /** The database of statements, which no other user may reach. */
  readonly directory: string;
}

export interface DirectoryView {
  /** Of this device; null where nothing says one. */
  readonly name: string | null;
  /** Of users one shares with: PEM by name. */
  readonly cas: Readonly<Record<string, string>>;
  readonly revocations: readonly StatementDocument[];
  readonly roles: Policy['roles'];
  readonly principals: Policy['principals'];
  /** Credentials of shares that have ended. */
  readonly ended: readonly string[];
  /** Own devices to look for. */
  readonly known: readonly DeviceId[];
}

/** Of a device that nothing was ever said about. */
export const EMPTY_VIEW: DirectoryView = {
  name: null,
  cas: {},
  revocations: [],
  roles: {},
  principals: [],
  ended: [],
  known: [],
};

/** What the CA, role and credential of a share are called. */
export const shareName = (peer: UserId): string => `share-${peer}`;

export function viewDirectory(record: DirectoryRecord, context: ViewContext): DirectoryView {
  const configured = new Map(Object.values(context.configuredCas).map((pem) => keyOf(pem)));
  const shares = [...record.shares.values()].filter((share) =>
    isInForce(share, context, (user) => configured.has(user)),
  );
  const trusted = new Map([
    keyOf(context.ownCa),
    ...configured,
    ...shares.map(({ payload }) => keyOf(payload.ca)),
  ]);
  return {
    name: record.devices.get(context.deviceId)?.payload.name ?? null,
    cas: Object.fromEntries(shares.map(({ payload }) => [shareName(payload.peerUserId), payload.ca])),
    revocations: revocationsOf(record, trusted),
    roles: Object.fromEntries(shares.map((share) => [nameOf(share), roleOf(share, context)])),
    principals: shares.map((share) => ({ issuer: nameOf(share), role: nameOf(share) })),
    ended: [...record.shares.values()].filter((share) => !shares.includes(share)).map(nameOf),
    known: knownOf(record, context),
  };
}

const nameOf = ({ payload }: ShareStatement): string => shareName(payload.peerUserId);

function keyOf(pem: string): [UserId, KeyObject] {
  const key = createPublicKey(pem);
  return [userIdOf(key.export({ type: 'spki', format: 'der' })), key];
}

/** One whom the configuration names itself is let in as the configuration says. */
const isInForce = (
  share: ShareStatement,
  context: ViewContext,
  isConfigured: (user: UserId) => boolean,
): boolean => {
  const { peerUserId } = share.payload;
  if (peerUserId === context.userId || isConfigured(peerUserId)) return false;
  return grantedBy(share, context).length > 0;
};

const grantedBy = ({ payload }: ShareStatement, { directory }: ViewContext) =>
  payload.databases.filter(({ name }) => name !== directory);

function roleOf(share: ShareStatement, context: ViewContext): Policy['roles'][string] {
  const databases = grantedBy(share, context);
  return {
    databases: databases.map(({ name, access }) => ({ name, access, query: false, design: false })),
    files: { referencedIn: databases.map(({ name }) => name) },
    credentials: nameOf(share),
  };
}

/** The gateway takes none of a CA that it does not trust. They are kept all the same: the CA may come back. */
const revocationsOf = (
  { revocations }: DirectoryRecord,
  trusted: ReadonlyMap<UserId, KeyObject>,
): StatementDocument[] =>
  [...revocations.values()]
    .filter((statement) => {
      const ca = trusted.get(statement.by);
      return ca !== undefined && verifyStatement(statement, ca);
    })
    .map(formatStatement);

const knownOf = (record: DirectoryRecord, { userId, deviceId }: ViewContext): DeviceId[] =>
  [...record.devices.keys()].filter((id) => id !== deviceId && !isRevokedBy(record, userId, id));
