// The running `up`, as it says itself: whether it listens, and what confines its gateway.
import type { AgentStatus } from '../status/status.js';
import { attention, good, type Finding } from './finding.js';

export function checkRunning(status: AgentStatus | null): Finding[] {
  if (status === null) return [attention('up', 'patchcord is not up', 'patchcord up')];
  const findings = [good('up', `patchcord is up, process ${status.pid}`)];
  if (status.listeners.length === 0)
    findings.push(attention('listeners', 'it listens nowhere', 'see what is said of links'));
  findings.push(
    status.confinedBy.length > 0
      ? good('confinement', `the gateway is confined by ${status.confinedBy.join(', ')}`)
      : attention(
          'confinement',
          'nothing confines the gateway',
          'install a package of patchcord that brings the AppArmor profile',
        ),
  );
  return findings;
}
