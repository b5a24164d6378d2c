// `npm run demo`: two devices on this machine, joined by nothing but a virtual cable, become the same; the cable is pulled
// out in the middle, and in the end one of them is revoked. Leaves nothing behind.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { runDemo } from './demo/run.js';

const INSIDE = '--inside';
const SELF = fileURLToPath(import.meta.url);

/** As root or not: a user namespace makes one, where the system lets people have one. */
const ENTER = ['-Urn'];
const mayHaveNamespaces = () =>
  spawnSync('unshare', [...ENTER, 'ip', 'link', 'set', 'lo', 'up'], { stdio: 'ignore' }).status === 0;

if (process.argv.includes(INSIDE)) {
  // What was stopped in the middle may still wait for something.
  process.exit(await runDemo({ hasCable: true }));
} else if (mayHaveNamespaces()) {
  const inside = spawn('unshare', [...ENTER, process.execPath, SELF, INSIDE], { stdio: 'inherit' });
  // It takes everything away before it ends, and this waits for it.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => inside.kill(signal));
  const [status] = await once(inside, 'exit');
  process.exitCode = status ?? 1;
} else {
  console.log(
    'This system lets nobody have network namespaces (unshare, ip): without a cable, over loopback.\n',
  );
  process.exit(await runDemo({ hasCable: false }));
}
