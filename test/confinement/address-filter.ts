// The address filter of the agent's unit, in a manager that has the right to set one: that of a user who is root. It is
// why the gateway has to be in a unit of its own.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ip } from '../kit/netns.js';
import { sendTo } from './directives.js';
import { startManager, type Manager } from './user-manager.js';

const UNIT = fileURLToPath(new URL('../../apparmor/systemd/patchcord.service', import.meta.url));
/** What the send says: bytes sent, or the number of the error. */
const [SENT, REFUSED] = ['1', String(constants.errno.EPERM)];

export const addressFilter = (): void =>
  void describe('the agent’s unit, where its manager may filter addresses', () => {
    let manager: Manager;
    before(async () => (manager = await startManager('root', 0, '/root')));
    after(() => manager.kill());

    test('it reaches loopback, and no link-local address, which a unit without does', async () => {
      const filter = readFileSync(UNIT, 'utf8').match(/^IPAddress\w+=.*$/gm) ?? [];
      assert.equal(filter.length, 2);
      ip('link add filter0 type dummy');
      ip('link set filter0 up');
      const link = Number(readFileSync('/sys/class/net/filter0/ifindex', 'utf8'));
      const tries = [sendTo('::1'), sendTo('fe80::1', link)];
      const units = [[], filter].flatMap((properties) => tries.map((command) => ({ properties, command })));
      assert.deepEqual(await manager.runUnits(units), [SENT, SENT, SENT, REFUSED]);
    });
  });
