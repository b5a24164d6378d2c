// The running `up`, as it says itself: whether it listens, and what confines its gateway.
import type { AgentStatus } from '../status/status.js';
import { checkConfinement } from './confinement.js';
import { attention, good, type Finding } from './finding.js';

export function checkRunning(status: AgentStatus | null): Finding[] {
  if (status === null) return [attention('up', 'patchcord is not up', 'patchcord up')];
  const findings = [good('up', `patchcord is up, process ${status.pid}`)];
  if (status.listeners.length === 0)
    findings.push(attention('listeners', 'it listens nowhere', 'see what is said of links'));
  findings.push(checkConfinement(status.confinedBy));
  return findings;
}
