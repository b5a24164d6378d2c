// What confines this process, as the kernel and Node say it. Changes nothing, and believes nobody else.
import { readFileSync } from 'node:fs';

/** `apparmor:<profile>`, where one is enforced; `seccomp`, where system calls are filtered; `node-permission`. */
export type Layer = `apparmor:${string}` | 'seccomp' | 'node-permission';

const LABEL = '/proc/self/attr/apparmor/current';
const STATUS = '/proc/self/status';
/** proc(5): "2 means SECCOMP_MODE_FILTER". */
const FILTERED = /^Seccomp:\s+2$/m;
/** A profile that only complains confines nothing. */
const ENFORCED = /^(.+) \(enforce\)\n?$/;

/** The layers that hold now, the kernel's first; empty where nothing confines. */
export function readConfinedBy(): Layer[] {
  const profile = ENFORCED.exec(readText(LABEL))?.[1];
  return [
    ...(profile === undefined ? [] : [`apparmor:${profile}` as const]),
    ...(FILTERED.test(readText(STATUS)) ? ['seccomp' as const] : []),
    ...(isHeldByNode() ? ['node-permission' as const] : []),
  ];
}

/** Null-safe reading: a kernel without AppArmor has no such file, or one that cannot be read. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Scopes of which a line of Node that does not know one says that it is not permitted. */
const WITHHELD = ['fs.write', 'child', 'addon', 'wasi', 'inspector', 'ffi'];

/** Node's permission model, and that it withholds what it is there to withhold. */
function isHeldByNode(): boolean {
  const { permission } = process as { permission?: { has(scope: string): boolean } };
  return permission !== undefined && !WITHHELD.some((scope) => permission.has(scope));
}
