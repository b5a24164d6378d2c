// The systemd units in a user's own manager, without rights of root: their directives, and a whole `patchcord up` while
// it and its gateway run in a unit and a profile each.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readPaths } from '../../dist/agent/home/paths.js';
import { askAgent } from '../../dist/agent/rpc/ask-agent.js';
import type { ReadyLine } from '../kit/agent.js';
import { soon } from '../kit/two-devices.js';
import type { FarEnd } from './far-end.js';
import { heldDirectives } from './held.js';
import { pairAndReplicate } from './up-job.js';
import { startManager, type Manager } from './user-manager.js';

const REPO = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const HOME = '/home/ada';
const RUNTIME = '/run/user/1000';
/** Where its profile lets it write, so that it can be given as its stdout. */
const logOf = (name: string): string => `${RUNTIME}/patchcord/${name}.log`;
const ON_LINK = 'on-link';
const ON_ALL = 'on-all';

type Ready = ReadyLine & {
  readonly confinedBy: readonly string[];
  readonly virtualLinks: readonly string[];
};

export const units = (farEnd: () => Promise<FarEnd>): void =>
  void describe('units of a user’s own manager', { concurrency: 1 }, () => {
    const paths = readPaths({ HOME, XDG_RUNTIME_DIR: RUNTIME });
    let manager: Manager;
    // Its start takes longest of all: it goes on beside the first tests.
    before(async () => {
      writeFileSync('/tmp/of-others', '');
      manager = await startManager('ada', 1000, HOME);
      await manager.run('mkdir', '-m', '700', `${RUNTIME}/patchcord`);
      await beginUp(manager, ON_LINK, '--listen near1');
    });
    after(() => manager.kill());

    heldDirectives(() => manager);

    test('up is ready: the agent under its profile, and the gateway, in another unit, under its own', async () => {
      const { confinedBy } = await untilReady(ON_LINK);
      for (const layer of ['apparmor:patchcord-gateway', 'seccomp', 'node-permission'])
        assert.ok(confinedBy.includes(layer), confinedBy.join());
      const { pid } = await askAgent(paths, 'status');
      assert.equal(readFileSync(`/proc/${pid}/attr/current`, 'utf8'), 'patchcord-agent (enforce)\n');
      assert.match(await manager.run('systemctl', '--user', 'list-units', '--plain'), GATEWAY_UNIT);
    });

    test('it pairs, replicates both ways, and fetches, over a link-local address', async (t) =>
      pairAndReplicate({ t, paths, farEnd: await farEnd(), ready: await untilReady(ON_LINK) }));

    test('it stops, and its gateway’s unit with it', async () => {
      await manager.run('systemctl', '--user', 'stop', 'patchcord.service');
      await soon(async () =>
        GATEWAY_UNIT.test(await manager.run('systemctl', '--user', 'list-units', '--plain')) ? null : true,
      );
    });

    test('it starts where no link is named, and says which are virtual', async () => {
      await beginUp(manager, ON_ALL, '');
      assert.ok((await untilReady(ON_ALL)).virtualLinks.includes('near1'));
      await manager.run('systemctl', '--user', 'stop', 'patchcord.service');
    });
  });

const GATEWAY_UNIT = /^patchcord-gateway@\S+ +loaded active running/m;

async function beginUp(manager: Manager, name: string, listen: string): Promise<void> {
  const node = `${process.execPath} ${REPO}/bin/patchcord`;
  // A clone may lie in /tmp, of which these units have one of their own.
  const clone = `[Service]\nBindReadOnlyPaths=${REPO} ${realpathSync(`${REPO}/node_modules`)}\n`;
  const log = `StandardOutput=file:${logOf(name)}\nStandardError=file:${logOf(name)}\n`;
  const up = `${node} up --gateway-unit --require-confinement --json ${listen}`;
  addDropIn('patchcord-gateway@', `${clone}ExecStart=\nExecStart=${node} gateway\n`);
  addDropIn('patchcord', `${clone}ExecStart=\nExecStart=${up}\n${log}`);
  await manager.run('systemctl', '--user', 'daemon-reload');
  assert.equal(await manager.run('systemctl', '--user', 'start', 'patchcord.service'), '');
}

function addDropIn(unit: string, text: string): void {
  const folder = `${HOME}/.config/systemd/user/${unit}.service.d`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/test.conf`, text);
}

const untilReady = (name: string): Promise<Ready> =>
  soon(() => {
    const text = existsSync(logOf(name)) ? readFileSync(logOf(name), 'utf8') : '';
    const line = text.split('\n').find((one) => one.includes('"event":"ready"'));
    if (line !== undefined) return JSON.parse(line) as Ready;
    if (text.includes('"error"')) throw new Error(text);
    return null;
  });
