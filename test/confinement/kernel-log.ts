// What AppArmor refused, as the kernel's log has it.
import { execFileSync } from 'node:child_process';

/** The different lines since the kernel started, or since `clearDenials`, without time and process. */
export function readDenials(): string[] {
  const lines = execFileSync('dmesg', { encoding: 'utf8', maxBuffer: 2 ** 24 })
    .split('\n')
    .filter((line) => line.includes('apparmor="DENIED"'))
    .map((line) => line.replace(/^.*?apparmor="DENIED" /, '').replace(/ pid=\d+/, ''));
  return [...new Set(lines)];
}

export const clearDenials = (): void => void execFileSync('dmesg', ['--clear']);
