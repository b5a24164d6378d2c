// The gateway as it is, in a process that tells what it holds when it is asked by SIGUSR2, once all garbage is gone.
// With "leak" as its argument it keeps something of every connection: the check of a check.
import { subscribe } from 'node:diagnostics_channel';
import { main } from '../../dist/gateway/main.js';

const kept: string[] = [];
const keep = (): void => void kept.push(Buffer.alloc(4096, kept.length).toString('latin1'));
if (process.argv[2] === 'leak') subscribe('net.server.socket', keep);

process.on('SIGUSR2', () => {
  // Twice: what the first run finalises the second can free.
  global.gc?.();
  setImmediate(() => {
    global.gc?.();
    const resources: Record<string, number> = {};
    for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1;
    process.stderr.write(
      `${JSON.stringify({ held: { heapBytes: process.memoryUsage().heapUsed, resources } })}\n`,
    );
  });
});
await main();
