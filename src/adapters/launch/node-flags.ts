// Node's own permission model, as flags for the gateway's process. A second layer: it holds against a mistake of the
// code, and not against code that means to get out (a thread can be begun without it).

const KNOWN = process.allowedNodeEnvironmentFlags;

/**
 * The gateway may read, begin threads, and use the network; not write, start processes, or load native code. Reading is
 * not narrowed: a reload may bring stores that nobody knew of at the start. Flags of this process's own line of Node,
 * which is the gateway's too: before 22.13 the model has another name, and before 25 it leaves the network alone.
 */
export const PERMISSION_FLAGS: readonly string[] = [
  KNOWN.has('--permission') ? '--permission' : '--experimental-permission',
  '--allow-fs-read=*',
  '--allow-worker',
  ...(KNOWN.has('--allow-net') ? ['--allow-net'] : []),
  // What it warns of is meant; stderr is for logs.
  '--disable-warning=ExperimentalWarning',
  '--disable-warning=SecurityWarning',
];
