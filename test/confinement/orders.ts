// The test build: a program in the gateway's (or the agent's) place, under the same profile, that does what it is told
// and says what came of it. Orders are JSON in the first argument; the answer is "ok" or an error's code for each.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';

export type Order =
  | { readonly do: 'read' | 'write' | 'exec' | 'connect'; readonly path: string }
  | { readonly do: 'signal'; readonly pid: number }
  | { readonly do: 'listen'; readonly host: string };

const settled = (start: (ok: () => void, failed: (error: Error) => void) => void): Promise<void> =>
  new Promise(start);

const DEEDS: { readonly [Kind in Order['do']]: (order: Extract<Order, { do: Kind }>) => unknown } = {
  read: ({ path }) => readFileSync(path),
  write: ({ path }) => writeFileSync(path, 'written', { flag: 'a' }),
  exec: ({ path }) => {
    // No pipes: those would be sockets, and the first thing to be refused.
    const { error } = spawnSync(path, { stdio: 'inherit' });
    if (error !== undefined) throw error;
  },
  connect: ({ path }) =>
    settled((ok, failed) => {
      const socket = connect(path, () => {
        socket.destroy();
        ok();
      }).once('error', failed);
    }),
  signal: ({ pid }) => process.kill(pid, 'SIGCONT'),
  listen: ({ host }) =>
    settled((ok, failed) => {
      const server = createServer()
        .once('error', failed)
        .listen(0, host, () => server.close(ok));
    }),
};

async function follow(order: Order): Promise<string> {
  try {
    await (DEEDS[order.do] as (order: Order) => unknown)(order);
    return 'ok';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'failed';
  }
}

const answers: string[] = [];
for (const order of JSON.parse(process.argv[2] ?? '[]') as Order[]) answers.push(await follow(order));
process.stdout.write(JSON.stringify(answers));
