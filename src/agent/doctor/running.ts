// The running `up`, as it says itself: whether it listens, and what confines its gateway.
import type { AgentStatus } from '../status/status.js';
import { checkConfinement } from './confinement.js';
import { attention, bad, good, type Finding } from './finding.js';

export function checkRunning(status: AgentStatus | null): Finding[] {
  if (status === null) return [attention('up', 'patchcord is not up', 'patchcord up')];
  const findings = [good('up', `patchcord is up, process ${status.pid}`)];
  if (status.listeners.length === 0)
    findings.push(attention('listeners', 'it listens nowhere', 'see what is said of links'));
  for (const { code, text } of status.warnings)
    if (code === 'revoked')
      findings.push(bad('revoked', text, 'ask whoever revoked it; for this key it stays so'));
  findings.push(checkConfinement(status.confinedBy));
  return findings;
}
