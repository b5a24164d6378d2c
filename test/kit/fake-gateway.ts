// A copy of the package whose gateway is a fake one, and the means to tell it what to say.
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const MAIN = new URL('./fake-gateway-main.js', import.meta.url).href;

export interface Call {
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

export interface FakeGateway {
  /** The `patchcord` that starts it. */
  readonly executable: string;
  /** What it was asked so far; the first is the env. Everything that was said before has been said then. */
  calls(): Promise<readonly Call[]>;
  /** Says an event, or anything else. */
  say(value: object): void;
  sayRaw(text: string): void;
  /** From now on it answers this method so: `{result}` or `{error}`. */
  answer(method: string, answer: object): void;
}

export function createFakeGateway(t: TestContext): FakeGateway {
  const folder = copyPackage();
  const calls: Call[] = [];
  const pings = new Map<number, () => void>();
  let lastPing = 0;
  let socket: Socket | null = null;
  const hear = (line: string): void => {
    const heard = JSON.parse(line) as Call & { ping?: number };
    if (heard.ping === undefined) calls.push(heard);
    else pings.get(heard.ping)?.();
  };
  const tell = (value: object): void => {
    if (socket === null) {
      socket = connect(socketIn(folder)).on('error', () => undefined);
      createInterface({ input: socket }).on('line', hear);
    }
    socket.write(`${JSON.stringify(value)}\n`);
  };
  t.after(() => {
    socket?.destroy();
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  });
  return {
    executable: join(folder, 'bin/patchcord'),
    async calls() {
      const ping = (lastPing += 1);
      const ponged = new Promise<void>((resolve) => pings.set(ping, resolve));
      tell({ ping });
      await ponged;
      return calls;
    },
    say: (value) => tell({ raw: `${JSON.stringify({ time: new Date().toISOString(), ...value })}\n` }),
    sayRaw: (raw) => tell({ raw }),
    answer: (method, answer) => tell({ answer: { method, with: answer } }),
  };
}

const socketIn = (folder: string): string => join(folder, 'tell.sock');

function copyPackage(): string {
  const folder = mkdtempSync(join(tmpdir(), 'patchcord-fake-'));
  for (const name of ['dist', 'certs', 'package.json'])
    cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  mkdirSync(join(folder, 'bin'));
  for (const name of ['bin/patchcord', 'bin/package.json']) cpSync(join(ROOT, name), join(folder, name));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(
    join(folder, 'bin/patchcord-gateway'),
    `import(${JSON.stringify(MAIN)}).then(({ runFakeGateway }) => runFakeGateway(${JSON.stringify(socketIn(folder))}));\n`,
  );
  return folder;
}
