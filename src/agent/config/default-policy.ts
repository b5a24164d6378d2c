// The policy of a device whose configuration has none: its user's own devices, and no one else.
import type * as v from 'valibot';
import type { POLICY } from '../../core/env/shape.js';

/** The first database. */
export const FIRST_DATABASE = 'dmedia-0';
/** Where devices of one user keep what they have signed for each other. */
export const DEFAULT_DIRECTORY = 'patchcord';

const OWN_DATABASES = [FIRST_DATABASE, 'dmedia-0-*', 'novacut-0', 'novacut-0-*'];

/** In the form of the env (docs/protocol-control.md). */
export const createDefaultPolicy = (directory: string): v.InferOutput<typeof POLICY> => ({
  roles: {
    'own-device': {
      databases: [...OWN_DATABASES, directory].map((name) => ({
        name,
        access: 'write',
        query: false,
        design: false,
      })),
      files: 'all',
      credentials: 'own',
    },
  },
  principals: [{ issuer: 'user', role: 'own-device' }],
});
