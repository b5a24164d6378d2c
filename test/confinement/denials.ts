// From inside the profiles: each attempt is denied, with its line in the kernel's log; the same attempt unconfined
// succeeds, so that it is the profile that denies it.
import assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { dirname } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  calls,
  DBUS,
  fromAgent,
  fromGateway,
  HOME,
  OTHERS_HOME,
  STORE,
  USER_CA_KEY,
  type Attempt,
} from './attempts.js';
import { clearDenials, readDenials } from './kernel-log.js';

const REFUSED = new Set(['EACCES', 'EPERM']);
/** EPERM and EACCES, as numbers. */
const REFUSED_NUMBERS = new Set(['1', '13']);
const pathOf = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
/** In the place of a file of the program, in this machine's layer of memory. */
const PROGRAM = pathOf('dist/gateway/orders.js');

type Profile = 'patchcord-gateway' | 'patchcord-agent' | null;

/** Its output over a pipe: a confined process may not write to what it was not given as one. */
function run(profile: Profile, command: readonly string[]): string {
  const prefix = profile === null ? [] : ['aa-exec', '-p', profile, '--'];
  return execFileSync('sh', ['-c', '"$@" | cat', 'sh', ...prefix, ...command], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

const follow = (profile: Profile, attempts: readonly Attempt[]): string[] => {
  const orders = JSON.stringify(attempts.map(({ order }) => order));
  return JSON.parse(run(profile, [process.execPath, PROGRAM, orders])) as string[];
};

export const denials = (): void =>
  void describe('from inside', () => {
    let other: ChildProcess;
    let dbus: Server;
    before(async () => {
      copyFileSync(pathOf('.test-build/confinement/orders.js'), PROGRAM);
      for (const file of [
        `${STORE}/.dmedia/tmp/unfinished`,
        `${STORE}/.dmedia/files/AA/blob`,
        USER_CA_KEY,
        OTHERS_HOME,
        `${HOME}/config.json`,
        DBUS.replace(/[^/]*$/, 'here'),
      ]) {
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, 'its content');
      }
      other = spawn('sleep', ['600']);
      dbus = createServer((socket) => socket.destroy());
      await new Promise<void>((resolve) => dbus.listen(DBUS, resolve));
    });
    after(() => {
      // It was stopped by being traced.
      other.kill('SIGKILL');
      dbus.close();
    });

    const sets = {
      'patchcord-gateway': () => fromGateway(other.pid ?? 0, PROGRAM),
      'patchcord-agent': () => fromAgent,
    } as const;
    for (const profile of ['patchcord-gateway', 'patchcord-agent'] as const) {
      test(`${profile}: every attempt is denied and logged, and succeeds unconfined`, () => {
        const attempts = sets[profile]();
        clearDenials();
        const answers = follow(profile, attempts);
        const lines = readDenials().filter((line) => line.includes(`profile="${profile}"`));
        for (const [index, { name, line }] of attempts.entries()) {
          assert.ok(REFUSED.has(answers[index] ?? ''), `${name}: ${answers[index]}`);
          assert.ok(
            lines.some((one) => line.test(one)),
            `${name} left no line like ${String(line)}:\n${lines.join('\n')}`,
          );
        }
        clearDenials();
        // A folder cannot be read as a file, confined or not; it is the line that tells.
        const expected = attempts.map(({ order }) =>
          'path' in order && order.path.endsWith('/') ? 'EISDIR' : 'ok',
        );
        assert.deepEqual(follow(null, attempts), expected);
        assert.deepEqual(readDenials(), []);
      });
    }

    test('system calls that Node has no name for', () => {
      for (const { name, perl, line } of calls(other.pid ?? 0)) {
        const code = ['/usr/bin/perl', '-e', `print((${perl}) ? "ok" : $!+0)`];
        clearDenials();
        const answer = run('patchcord-gateway', code);
        assert.ok(REFUSED_NUMBERS.has(answer), `${name}: ${answer}`);
        const lines = readDenials();
        assert.ok(
          lines.some((one) => line.test(one)),
          `${name}:\n${lines.join('\n')}`,
        );
        assert.equal(run(null, code), 'ok', name);
      }
    });
  });
