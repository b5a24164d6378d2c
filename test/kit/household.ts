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
  readonly login: Login;
  /** Granted to every device of Ada. */
  readonly databases: readonly object[];
  readonly port?: number;
  readonly stores?: readonly string[];
  readonly files?: unknown;
  readonly limits?: Record<string, number>;
}

/** An env in which Ada's devices have one role, with one credential, on these databases. */
export const couchEnv = ({ pki, url, login, databases, port = 0, stores = [], files, limits }: CouchPlan) =>
  createEnv({
    pki,
    couchUrl: url,
    stores,
    roles: { 'own-device': { databases, files: files ?? 'none', credentials: 'own' } },
    principals: [{ issuer: 'user', role: 'own-device' }],
    limits: limits ?? {},
    more: {
      listen: { on: 'loopback', port },
      couchdb: { url, credentials: { own: { basic: login } } },
    },
  });

export interface CouchGateway {
  readonly gateway: TestGateway;
  peer(leaf: TestLeaf): Peer;
  stop(): Promise<void>;
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
