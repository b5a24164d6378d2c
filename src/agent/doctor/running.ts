// The running `up`, as it says itself: whether it listens, and what confines its gateway.
import { formatDevice } from '../directory/names.js';
import { TURNED_AWAY, TURNED_AWAY_TODO } from '../status/peers-text.js';
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
  for (const { deviceId, name, turnsAway } of status.peers)
    if (turnsAway)
      findings.push(
        attention(
          'let-in',
          `${formatDevice(deviceId, name)} ${TURNED_AWAY}`,
          `${TURNED_AWAY_TODO}, and compare the clocks of both devices`,
        ),
      );
  findings.push(checkConfinement(status.confinedBy));
  return findings;
}
