// One pairing as two people see it, by the real commands on loopback: from the code's last keystroke at `join` to a leaf
// that can be used. Both say yes as soon as they are asked.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PATCHCORD = fileURLToPath(new URL('../../bin/patchcord', import.meta.url));

/** A home of its own, and what runs in it. */
function createHome(name) {
  const root = mkdtempSync(join(tmpdir(), 'patchcord-bench-'));
  mkdirSync(join(root, 'config/patchcord'), { recursive: true });
  const config = { name, listen: { on: 'loopback' } };
  writeFileSync(join(root, 'config/patchcord/config.json'), JSON.stringify(config), { mode: 0o600 });
  const env = {
    ...{ PATH: process.env.PATH, HOME: root },
    ...{ XDG_DATA_HOME: join(root, 'data'), XDG_CONFIG_HOME: join(root, 'config'), XDG_RUNTIME_DIR: root },
  };
  const children = [];
  return {
    start(...args) {
      const child = spawn(process.execPath, [PATCHCORD, ...args, '--json'], {
        env,
        stdio: ['pipe', 'pipe', 'ignore'],
      });
      children.push(child);
      return follow(child);
    },
    async remove() {
      for (const child of children) {
        child.kill('SIGTERM');
        if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      }
      rmSync(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}

function follow(child) {
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    type: (text) => void child.stdin.write(`${text}\n`),
    async until(event) {
      for (;;) {
        const { value, done } = await lines.next();
        if (done) throw new Error(`it ended before "${event}"`);
        const line = JSON.parse(value);
        if (line.event === event) return line;
      }
    },
  };
}

/** In seconds, for each of so many new devices. */
export async function pairSeveral(count) {
  const laptop = createHome('laptop');
  const seconds = [];
  try {
    await laptop.start('up').until('ready');
    for (let done = 0; done < count; done++) seconds.push(await pairOnce(laptop, `camera ${done}`));
  } finally {
    await laptop.remove();
  }
  return seconds;
}

async function pairOnce(laptop, name) {
  const camera = createHome(name);
  try {
    const pair = laptop.start('pair');
    const { code, listeners } = await pair.until('offered');
    const joining = camera.start('join', '--at', `[${listeners[0].address}]:${listeners[0].port}`);
    await joining.until('code');
    const begun = performance.now();
    joining.type(code);
    await Promise.all(
      [pair, joining].map(async (command) => {
        await command.until('compare');
        command.type('yes');
      }),
    );
    await joining.until('joined');
    const seconds = (performance.now() - begun) / 1000;
    await pair.until('paired');
    return seconds;
  } finally {
    await camera.remove();
  }
}
