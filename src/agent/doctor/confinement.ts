// What confines the gateway, by its own word, and where its profile does not: why, as far as this machine tells.
import { existsSync, readFileSync } from 'node:fs';
import { attention, bad, good, type Finding } from './finding.js';

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

function isEnabled(): boolean {
  try {
    return readFileSync(APPARMOR_ENABLED, 'utf8').startsWith('Y');
  } catch {
    return false;
  }
}
