// A gateway in front of a real database, with the limited credentials that its roles need: what most tests of the
// database start from.
import { createEnv } from './env.js';
import { startGateway, type TestGateway } from './gateway.js';
import { createPeer, type Peer } from './peer.js';
import type { TestLeaf, TestPki } from './pki.js';
import type { Login } from './upstreams.js';

export interface CouchPlan {
  readonly pki: TestPki;
  readonly url: string;
  /** The credential `own`: a login, or one of another kind. */
  readonly login?: Login;
  readonly credential?: object;
  /** Granted to every device of Ada. */
  readonly databases: readonly object[];
  readonly port?: number;
  readonly stores?: readonly string[];
  readonly files?: unknown;
  readonly limits?: Record<string, number>;
}

/** An env in which Ada's devices have one role, with one credential, on these databases. */
export function couchEnv(plan: CouchPlan) {
  const { pki, url, databases } = plan;
  return createEnv({
    pki,
    couchUrl: url,
    stores: plan.stores ?? [],
    roles: { 'own-device': { databases, files: plan.files ?? 'none', credentials: 'own' } },
    principals: [{ issuer: 'user', role: 'own-device' }],
    limits: plan.limits ?? {},
    more: {
      listen: { on: 'loopback', port: plan.port ?? 0 },
      couchdb: couchdbOf(plan),
    },
  });
}

/** The `couchdb` of such an env, for a reload. */
export const couchdbOf = ({
  url,
  login,
  credential = { basic: login },
}: Pick<CouchPlan, 'url' | 'login' | 'credential'>) => ({
  url,
  credentials: { own: credential },
});

export interface CouchGateway {
  readonly gateway: TestGateway;
  readonly peer: (leaf: TestLeaf) => Peer;
  readonly stop: () => Promise<void>;
}

export async function startCouchGateway(plan: CouchPlan): Promise<CouchGateway> {
  const gateway = await startGateway(couchEnv(plan));
  const peers: Peer[] = [];
  return {
    gateway,
    peer(leaf) {
      const peer = createPeer(gateway.port, plan.pki, leaf);
      peers.push(peer);
      return peer;
    },
    async stop() {
      for (const peer of peers) peer.close();
      await gateway.stop();
    },
  };
}
