// Envs for tests: a household with one role for own devices, over loopback.
import type { TestLeaf, TestPki } from './pki.js';

export interface EnvPlan {
  readonly pki: TestPki;
  readonly couchUrl: string;
  readonly stores?: readonly string[];
  readonly roles?: Record<string, unknown>;
  readonly principals?: readonly unknown[];
  readonly limits?: Record<string, number>;
  readonly more?: Record<string, unknown>;
}

/** The gateway that the tests dial is on Ada's laptop. */
export function createEnv({
  pki,
  couchUrl,
  stores = [],
  roles,
  principals,
  limits = {},
  more = {},
}: EnvPlan) {
  const { ada, grace } = pki;
  return {
    version: 1,
    identity: {
      userId: ada.ca.userId,
      deviceId: ada.laptop.deviceId,
      name: "Ada's laptop",
      cert: ada.laptop.certPem,
      key: ada.laptop.keyPem,
    },
    trust: { cas: { user: ada.ca.certPem, grace: grace.ca.certPem } as Record<string, string> },
    listen: { on: 'loopback', port: 0 },
    couchdb: {
      url: couchUrl,
      credentials: {
        own: { basic: { username: 'patchcord-own', password: 'own-password-of-the-test' } },
        novel: { basic: { username: 'patchcord-novel', password: 'novel-password-of-the-test' } },
      } as Record<string, unknown>,
    },
    files: { stores },
    policy: {
      roles: roles ?? {
        'own-device': {
          databases: [
            { name: 'dmedia-0', access: 'write', query: true, design: true },
            { name: 'dmedia-0-*', access: 'write' },
          ],
          files: 'all',
          credentials: 'own',
        },
        'novel-crew': {
          databases: [
            { name: 'dmedia-0-novel', access: 'write' },
            { name: 'novacut-0-novel', access: 'read' },
          ],
          files: { referencedIn: ['dmedia-0-novel'] },
          credentials: 'novel',
        },
      },
      principals: principals ?? [
        { issuer: 'user', role: 'own-device' },
        { issuer: 'grace', device: grace.laptop.deviceId, role: 'novel-crew' },
      ],
    },
    limits,
    ...more,
  };
}

export const tlsOf = ({ certPem, keyPem }: TestLeaf): { cert: string; key: string } => ({
  cert: certPem,
  key: keyPem,
});
