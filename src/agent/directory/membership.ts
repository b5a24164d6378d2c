// Who this device is, and what its user's directory says: the two that change while it runs. What follows from them
// is asked for anew after each change, never remembered.
import { join } from 'node:path';
import { writeFileAtomic } from '../../adapters/home/atomic-file.js';
import { viewDirectory, type DirectoryView } from '../../core/directory/view.js';
import type { Statement } from '../../core/statements.js';
import type { Settings } from '../config/settings.js';
import { IDENTITY_FILES, readIdentity, type Identity } from '../home/identity.js';
import type { Paths } from '../home/paths.js';
import { openDirectory, type Directory } from './directory.js';

export interface Membership {
  identity(): Identity;
  directory(): Directory;
  view(): DirectoryView;
  /** Runs after a change was stored, and whoever made the change waits for it. */
  onChange(act: (taken: readonly Statement[]) => Promise<void>): void;
  /** Stores a new leaf of the same key and CA, and holds by it. */
  adoptLeaf(certPem: string): Promise<void>;
  /** Another identity was put into the home: its directory is opened. */
  reopen(): Promise<void>;
}

export interface MembershipOptions {
  readonly paths: Paths;
  readonly settings: Pick<Settings, 'trust' | 'directory'>;
  readonly identity: Identity;
}

export async function openMembership(options: MembershipOptions): Promise<Membership> {
  const { paths, settings } = options;
  const listeners: ((taken: readonly Statement[]) => Promise<void>)[] = [];
  const changed = async (taken: readonly Statement[]): Promise<void> => {
    for (const act of listeners) await act(taken);
  };
  const open = (who: Identity): Promise<Directory> =>
    openDirectory({ paths, identity: who, configuredCas: settings.trust.cas, onChange: changed });
  let { identity } = options;
  let directory = await open(identity);

  const reread = async (): Promise<void> => {
    identity = (await readIdentity(paths.identity)) ?? identity;
  };
  return {
    identity: () => identity,
    directory: () => directory,
    view: () =>
      viewDirectory(directory.local().record, {
        userId: identity.userId,
        deviceId: identity.deviceId,
        configuredCas: settings.trust.cas,
        ownCa: identity.caPem,
        directory: settings.directory,
      }),
    onChange: (act) => void listeners.push(act),
    async adoptLeaf(certPem) {
      await writeFileAtomic(join(paths.identity, IDENTITY_FILES.cert), certPem);
      await reread();
      await changed([]);
    },
    async reopen() {
      await reread();
      directory = await open(identity);
      await changed([]);
    },
  };
}
