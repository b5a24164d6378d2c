// What `up` answers to other commands.
import { isRevokedBy } from '../../core/directory/record.js';
import type { AgentHandlers } from '../rpc/methods.js';
import { createDatabaseHandlers } from '../databases/handlers.js';
import { createDirectoryHandlers } from '../directory/handlers.js';
import type { Requests } from '../directory/requests.js';
import type { Membership } from '../directory/membership.js';
import { createNameOf } from '../directory/names.js';
import type { Desk } from '../pairing/desk.js';
import { readStatus } from '../status/status.js';
import type { Upstream } from '../upstream/upstream.js';
import type { UpContext } from './context.js';
import type { Service } from './service.js';
import type { Sync } from '../sync/sync.js';
import { createSyncHandlers } from '../sync/handlers.js';
import { describeSync } from '../sync/describe.js';

export interface HandlerOptions {
  readonly context: UpContext;
  readonly membership: Membership;
  readonly requests: Requests;
  readonly upstream: Upstream;
  readonly service: Service;
  readonly sync: Sync;
  readonly desk: Desk;
}

export function createHandlers(options: HandlerOptions): AgentHandlers {
  const { context, membership, requests, upstream, service, sync, desk } = options;
  const { version, settings, paths, now } = context;
  const startedAt = context.now();
  const nameOf = createNameOf(membership);
  return {
    ...createDirectoryHandlers({ paths, membership, requests, now }),
    ...desk.handlers,
    ...createSyncHandlers({ sync, databases: () => service.databases(), nameOf }),
    ...createDatabaseHandlers(upstream, service),
    status: () =>
      readStatus({
        version,
        startedAt,
        settings,
        identity: membership.identity(),
        name: membership.view().name ?? settings.name,
        upstream,
        isRevoked: isRevokedHere(membership),
        targets: service.targets(),
        databases: service.databases(),
        gatewayStatus: () => service.status(),
        paths,
        recent: service.recent,
        sync: describeSync(sync, nameOf),
        nameOf,
        requests: requests.open(),
      }),
    couchdb: () =>
      Promise.resolve({ kind: upstream.kind, url: upstream.url, credentials: service.credentials() }),
    'couchdb-admin': () =>
      Promise.resolve(upstream.kind === 'embedded' ? (upstream.admin?.login ?? null) : null),
    async 'refresh-credentials'() {
      await service.refreshCredentials();
      return {};
    },
  };
}

function isRevokedHere(membership: Membership): boolean {
  const { userId, deviceId } = membership.identity();
  return isRevokedBy(membership.directory().local().record, userId, deviceId);
}
