// What `up` answers to other commands.
import type { AgentHandlers } from '../rpc/methods.js';
import type { Identity } from '../home/identity.js';
import { readStatus } from '../status/status.js';
import type { Upstream } from '../upstream/upstream.js';
import type { UpContext } from './context.js';
import type { Service } from './service.js';

export interface HandlerOptions {
  readonly context: UpContext;
  readonly identity: Identity;
  readonly upstream: Upstream;
  readonly service: Service;
}

export function createHandlers({ context, identity, upstream, service }: HandlerOptions): AgentHandlers {
  const { version, settings, paths } = context;
  const startedAt = context.now();
  return {
    status: () =>
      readStatus({
        version,
        startedAt,
        settings,
        identity,
        upstream,
        databases: service.databases(),
        gatewayStatus: () => service.status(),
        paths,
        recent: service.recent,
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
