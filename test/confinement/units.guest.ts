// The systemd units in a user's own manager, without rights of root: each directive holds, and the gateway is reached
// at a link-local address while it and the agent run in a unit each.
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createDeviceKey } from '../../dist/adapters/pki/keys.js';
import { issueLeaf } from '../../dist/adapters/pki/user-ca.js';
import { userIdOf } from '../../dist/core/ids.js';
import type { ReadyLine } from '../kit/agent.js';
import { createOtherEnd, plugCable, type OtherEnd } from '../kit/netns.js';
import { eventually } from '../kit/until.js';
import { DIRECTIVES } from './directives.js';
import type { FarPlan, FarResult } from './far-client.js';
import { clearDenials, readDenials } from './kernel-log.js';
import { asAda, HOME, inUnit, startUserManager } from './user-manager.js';

const REPO = fileURLToPath(new URL('../..', import.meta.url));
const UNITS = `${HOME}/.config/systemd/user`;
const IDENTITY = `${HOME}/.local/share/patchcord/identity`;
const LOG = `${HOME}/up.log`;
const SETTINGS = /^[A-Z][A-Za-z]+=.*$/gm;

describe('units of a user’s own manager', () => {
  let manager: ChildProcess;
  let other: OtherEnd;
  before(async () => {
    writeFileSync('/tmp/of-others', '');
    manager = await startUserManager();
    other = await createOtherEnd();
    plugCable('near0', 'far0', other);
  });
  after(() => {
    manager.kill('SIGKILL');
    other.close();
  });

  test('every directive of the gateway’s is one that is shown below', () => {
    const file = readFileSync(
      `${REPO}/apparmor/systemd/patchcord-gateway-.service.d/confinement.conf`,
      'utf8',
    );
    const names = new Set(DIRECTIVES.map(({ property }) => property.split('=')[0]));
    const others = new Set(['AppArmorProfile', 'SystemCallErrorNumber']);
    for (const line of file.match(SETTINGS) ?? []) {
      const [name = ''] = line.split('=');
      assert.ok(names.has(name) || others.has(name), name);
    }
  });

  for (const { property, wants, command } of DIRECTIVES) {
    test(property, () => {
      const base = wants === undefined ? [] : [wants];
      const held = inUnit([...base, property], 'sh', '-c', command);
      // One that cannot start says nothing.
      assert.notEqual(held, '');
      assert.notEqual(held, inUnit(base, 'sh', '-c', command), held);
    });
  }

  test('the gateway, in a unit of its own beside the agent’s, is reached at a link-local address', async () => {
    const up = `${process.execPath} ${REPO}/bin/patchcord up --gateway-unit --require-confinement --json --listen near0`;
    // A clone may lie in /tmp, of which these units have one of their own.
    const clone = `[Service]\nBindReadOnlyPaths=${REPO} ${realpathSync(`${REPO}/node_modules`)}\n`;
    const log = `StandardOutput=file:${LOG}\nStandardError=file:${LOG}\n`;
    addDropIn('patchcord-gateway-', clone);
    addDropIn('patchcord', `${clone}ExecStart=\nExecStart=${up}\n${log}`);
    clearDenials();
    asAda('systemctl', '--user', 'daemon-reload');
    assert.equal(asAda('systemctl', '--user', 'start', 'patchcord.service'), '');
    const ready = await eventually(() => readReady());
    assert.ok(ready.confinedBy.includes('apparmor:patchcord-gateway'));
    assert.ok(ready.confinedBy.includes('seccomp'));
    const result = await askFromFar(ready);
    assert.equal(result.replies[0]?.status, 200);
    asAda('systemctl', '--user', 'stop', 'patchcord.service');
    assert.match(asAda('systemctl', '--user', 'list-units', '--plain', 'patchcord*'), /0 loaded units/);
    assert.deepEqual(readDenials(), []);
  });

  function addDropIn(unit: string, text: string): void {
    const folder = `${UNITS}/${unit}.service.d`;
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}/test.conf`, text);
  }

  type Ready = ReadyLine & { readonly confinedBy: readonly string[] };
  function readReady(): Ready | null {
    const text = existsSync(LOG) ? readFileSync(LOG, 'utf8') : '';
    const line = text.split('\n').find((one) => one.includes('"event":"ready"'));
    if (line !== undefined) return JSON.parse(line) as Ready;
    const state = asAda(
      'systemctl',
      '--user',
      'show',
      '--property=ActiveState,NRestarts',
      'patchcord.service',
    );
    if (!state.includes('NRestarts=0')) throw new Error(`${state}\n${text}`);
    return null;
  }

  /** As another device of the same user. */
  async function askFromFar({ identity, listeners }: Ready): Promise<FarResult> {
    const [certPem, keyPem] = ['user-ca.pem', 'user-ca.key'].map((name) =>
      readFileSync(`${IDENTITY}/${name}`, 'utf8'),
    );
    assert.ok(certPem !== undefined && keyPem !== undefined);
    const userId = userIdOf(createPublicKey(certPem).export({ type: 'spki', format: 'der' }));
    const device = createDeviceKey();
    const ca = { certPem, keyPem, userId };
    const plan: FarPlan = {
      address: listeners[0]?.address ?? '',
      zone: 'far0',
      port: listeners[0]?.port ?? 0,
      cert: issueLeaf({ ca, publicKey: device.publicKey, now: new Date() }),
      key: device.keyPem,
      ca: certPem,
      name: `${identity.deviceId}.patchcord.internal`,
      asks: [{ method: 'GET', path: '/' }],
    };
    const script = fileURLToPath(new URL('./far-client.js', import.meta.url));
    return JSON.parse(await other.run(script, JSON.stringify(plan))) as FarResult;
  }
});
