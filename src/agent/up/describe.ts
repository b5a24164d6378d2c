// What `up` is, once it is up: as a fact for programs, from which the text for people is made.
import { isLink, readLinks, readVirtualLinks } from '../../adapters/net/addresses.js';
import { createStores } from '../../adapters/files/stores.js';
import type { Identity } from '../home/identity.js';
import { placeOf, type StreamsPlace } from '../home/stream-access.js';
import type { SeenListener } from '../gateway-events.js';
import type { Upstream } from '../upstream/upstream.js';
import type { UpContext } from './context.js';
import type { Service } from './service.js';

export interface UpReady {
  readonly event: 'ready';
  readonly version: string;
  readonly identity: {
    readonly userId: string;
    readonly deviceId: string;
    readonly name: string;
    readonly notAfter: string;
    readonly isNew: boolean;
  };
  readonly home: string;
  readonly listenOn: 'link-local' | 'loopback' | readonly string[];
  /** Links that could be listened on, and are not unless they are named. */
  readonly virtualLinks: readonly string[];
  /** Those to listen on of which there is none, up or not; and which there are then. */
  readonly missingLinks: readonly string[];
  readonly links: readonly string[];
  readonly listeners: readonly SeenListener[];
  readonly confinedBy: readonly string[];
  /** Where local programs reach peers, and the file with their tokens. */
  readonly peerStreams: StreamsPlace | null;
  readonly couchdb: {
    readonly kind: 'embedded' | 'configured';
    readonly url: string;
    readonly databases: readonly string[] | null;
    /** Names of credentials that the policy needs and that are not there. */
    readonly missingCredentials: readonly string[];
    readonly hasAdmin: boolean;
  };
  readonly stores: readonly {
    readonly path: string;
    readonly present: boolean;
    readonly freeBytes: number | null;
  }[];
  readonly principals: readonly {
    /** Null for one that is named by its certificate. */
    readonly issuer: string | null;
    readonly device: string | null;
    readonly cert: string | null;
    readonly role: string;
  }[];
  readonly directory: string;
}

export interface DescribeOptions {
  readonly context: UpContext;
  readonly identity: Identity;
  readonly isNew: boolean;
  /** Of this device. */
  readonly name: string;
  readonly upstream: Upstream;
  readonly service: Service;
}

export async function describeUp(options: DescribeOptions): Promise<UpReady> {
  const { context, identity, isNew, upstream, service } = options;
  const { settings, version, paths } = context;
  const { on } = settings.listen;
  const missingLinks = typeof on === 'string' ? [] : on.filter((name) => !isLink(name));
  return {
    event: 'ready',
    version,
    identity: {
      userId: identity.userId,
      deviceId: identity.deviceId,
      name: options.name,
      notAfter: identity.notAfter.toISOString(),
      isNew,
    },
    home: paths.home,
    listenOn: on,
    virtualLinks: on === 'link-local' ? readVirtualLinks() : [],
    missingLinks,
    links: missingLinks.length > 0 ? readLinks() : [],
    listeners: service.ready.listeners,
    confinedBy: service.ready.confinedBy,
    peerStreams: placeOf(service.ready.peerStreams?.port ?? null, paths),
    couchdb: {
      kind: upstream.kind,
      url: upstream.url,
      databases: service.databases(),
      missingCredentials: service
        .targets()
        .map(({ credential }) => credential)
        .filter((name) => !Object.hasOwn(service.credentials(), name)),
      hasAdmin: upstream.admin !== null,
    },
    stores: await createStores(settings.stores).status(),
    principals: settings.policy.principals.map((entry) =>
      'cert' in entry
        ? { issuer: null, device: null, cert: entry.cert, role: entry.role }
        : { issuer: entry.issuer, device: entry.device ?? null, cert: null, role: entry.role },
    ),
    directory: settings.directory,
  };
}
