// One device: a home of its own, and the real `patchcord` in it, at one end of the cable.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { readPaths } from '../../dist/agent/home/paths.js';
import { askAgentIfUp } from '../../dist/agent/rpc/ask-agent.js';

const PATCHCORD = fileURLToPath(new URL('../../bin/patchcord', import.meta.url));
const ASK = fileURLToPath(new URL('./ask.js', import.meta.url));

export function createDevice({ root, name, enter, listen }) {
  const env = { PATH: process.env.PATH, HOME: root };
  for (const variable of ['XDG_DATA_HOME', 'XDG_CONFIG_HOME', 'XDG_RUNTIME_DIR']) {
    env[variable] = join(root, variable);
    mkdirSync(env[variable], { recursive: true, mode: 0o700 });
  }
  const paths = readPaths(env);
  const writeConfig = (config) => {
    mkdirSync(dirname(paths.config), { recursive: true });
    writeFileSync(paths.config, JSON.stringify({ name, listen, ...config }));
  };
  writeConfig({});
  let up = null;
  const unexpected = [];
  const running = new Set();
  let isClosed = false;

  /** Its lines of JSON as they come; `until` waits for one, also of those that came before. */
  function start(...args) {
    const [program, ...words] = [...enter, process.execPath, PATCHCORD, ...args, '--json'];
    if (isClosed) throw new Error('the demo was stopped');
    // Ctrl-C is for the demo alone, which ends them.
    const child = spawn(program, words, { env, stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    const command = { child, lines: [], errors: '', waiting: new Set() };
    child.stderr.on('data', (bytes) => (command.errors += bytes));
    let rest = '';
    child.stdout.on('data', (bytes) => {
      const pieces = (rest + bytes).split('\n');
      rest = pieces.pop();
      command.lines.push(...pieces.map((line) => JSON.parse(line)));
      for (const look of command.waiting) look();
    });
    running.add(command);
    command.ended = once(child, 'close').then(([code]) => {
      running.delete(command);
      return code;
    });
    command.type = (line) => child.stdin.write(`${line}\n`);
    command.until = (matches, since = 0) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = command.lines.slice(since).find(matches);
          if (found === undefined) return;
          command.waiting.delete(look);
          resolve(found);
        };
        command.waiting.add(look);
        look();
        void command.ended.then((code) =>
          reject(
            new Error(
              `patchcord ${args[0]} ended (${code}): ${command.errors}${JSON.stringify(command.lines.at(-1))}`,
            ),
          ),
        );
      });
    return command;
  }

  async function end(signal) {
    const command = up;
    up = null;
    command?.child.kill(signal);
    await command?.ended;
  }

  return {
    name,
    paths,
    writeConfig,
    start,
    async run(...args) {
      const command = start(...args);
      command.child.stdin.end();
      const code = await command.ended;
      const said = `${command.errors}${JSON.stringify(command.lines.at(-1))}`;
      if (code !== 0) throw new Error(`patchcord ${args.join(' ')}: ${said}`);
      return command.lines;
    },
    async up() {
      const command = start('up');
      up = command;
      void command.ended.then((code) => {
        if (up === command) unexpected.push(`up ended (${code}): ${command.errors}`);
      });
      const ready = await up.until(({ event }) => event === 'ready');
      return ready.identity;
    },
    pid: () => up.child.pid,
    /** How it ended each time that nobody ended it. */
    unexpected,
    events: () => up.lines,
    untilEvent: (matches, since) => up.until(matches, since),
    down: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    /** Ends whatever runs; nothing can be started after it. */
    async close() {
      isClosed = true;
      up = null;
      for (const { child } of running) child.kill('SIGTERM');
      await Promise.all([...running].map(({ ended }) => ended));
    },
    async sync() {
      return (await askAgentIfUp(paths, 'status')).sync;
    },
    /** Its database, asked as the limited user that its gateway has. */
    async ask(method, path, body) {
      const couch = await askAgentIfUp(paths, 'couchdb');
      const { username, password } = couch.credentials.own.basic;
      const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
      const asked = { url: new URL(path, couch.url).href, method, authorization, body };
      const [program, ...words] = [...enter, process.execPath, ASK];
      const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'inherit'] });
      child.stdin.end(JSON.stringify(asked));
      return JSON.parse(await text(child.stdout));
    },
  };
}
