// What confines the gateway, by its own word, and where its profile does not: why, as far as this machine tells.
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { attention, bad, good, type Finding } from './finding.js';
import { isStoreAllowed } from './store-rules.js';

const PROFILE = 'apparmor:patchcord-gateway';
const PROFILE_FILE = '/etc/apparmor.d/patchcord-gateway';
const APPARMOR_ENABLED = '/sys/module/apparmor/parameters/enabled';

export function checkConfinement(confinedBy: readonly string[]): Finding {
  const held = confinedBy.length === 0 ? 'by nothing' : `by ${confinedBy.join(', ')}`;
  if (confinedBy.includes(PROFILE)) return good('confinement', `the gateway is confined ${held}`);
  const told = `the gateway is confined ${held}, and not by its profile`;
  if (!isEnabled())
    return attention('confinement', `${told}: this kernel has no AppArmor`, 'see docs/confinement.md');
  return existsSync(PROFILE_FILE)
    ? bad(
        'confinement',
        `${told}, which is installed`,
        `sudo apparmor_parser --replace ${PROFILE_FILE}, and start patchcord again`,
      )
    : attention(
        'confinement',
        `${told}, which is not installed`,
        'see docs/confinement.md: how to install it',
      );
}

const TUNABLES = '/etc/apparmor.d/tunables/patchcord';
const MORE_TUNABLES = `${TUNABLES}.d`;

/** The stores that the profile, where it holds, keeps the gateway from: their blobs look as if they were not there. */
export function checkStoreRules(confinedBy: readonly string[], stores: readonly string[]): Finding[] {
  if (!confinedBy.includes(PROFILE)) return [];
  const tunables = readTunables();
  return stores
    .filter((store) => !isStoreAllowed(tunables, realPath(store)))
    .map((store) =>
      bad(
        'confinement',
        `the profile does not let the gateway read ${store}`,
        `sudo mkdir -p ${MORE_TUNABLES} && echo '@{patchcord_stores}+="${realPath(store)}"' | sudo tee -a ${MORE_TUNABLES}/stores && ` +
          `sudo apparmor_parser --replace ${PROFILE_FILE} ${PROFILE_FILE.replace('gateway', 'agent')}`,
      ),
    );
}

/** As the profile includes them: its own, then those of the folder. */
function readTunables(): string[] {
  try {
    const more = existsSync(MORE_TUNABLES) ? readdirSync(MORE_TUNABLES).sort() : [];
    return [TUNABLES, ...more.map((name) => `${MORE_TUNABLES}/${name}`)].map((path) =>
      readFileSync(path, 'utf8'),
    );
  } catch {
    // A profile that came another way: only the kernel's log tells.
    return ['@{patchcord_stores}=@{unknown}'];
  }
}

/** AppArmor judges real paths; a drive that is away has none. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function isEnabled(): boolean {
  try {
    return readFileSync(APPARMOR_ENABLED, 'utf8').startsWith('Y');
  } catch {
    return false;
  }
}
