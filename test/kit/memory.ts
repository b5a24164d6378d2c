// The most memory that a process of ours had resident, as Linux counts it (proc(5): VmHWM).
import { readFileSync, writeFileSync } from 'node:fs';

const KIB = 1024;

export interface MemoryWatch {
  /** By how much the peak rose above what was resident when the watch began, in bytes. */
  growth(): number;
}

export function watchMemory(pid: number): MemoryWatch {
  // "5" sets the peak back to what is resident now.
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
  const before = peakOf(pid);
  return { growth: () => peakOf(pid) - before };
}

function peakOf(pid: number): number {
  const line = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1]) * KIB;
}
