// The directives of the units, one by one, in a user's own manager without rights of root: those that hold, those that
// are passed over, and those with which the program does not start.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { DIRECTIVES, IMPOSSIBLE, PASSED_OVER, type Directive } from './directives.js';
import type { Manager } from './user-manager.js';

const SYSTEMD = fileURLToPath(new URL('../../apparmor/systemd/', import.meta.url));
const SETTINGS = /^[A-Z][A-Za-z]+=.*$/gm;
/** Of a [Service], what confines nothing by itself, and the profile, which is asked of the running agent. */
const OTHERS = new Set([
  ...['Type', 'ExecStart', 'Restart', 'StandardInput', 'StandardOutput', 'StandardError'],
  ...['SystemCallErrorNumber', 'AppArmorProfile', 'IPAddressAllow'],
]);

export function heldDirectives(manager: () => Manager): void {
  test('every directive of both units is one that is shown below', () => {
    const names = new Set([...DIRECTIVES, ...PASSED_OVER].map(({ property }) => property.split('=')[0]));
    for (const unit of ['patchcord-gateway@', 'patchcord']) {
      const file = readFileSync(`${SYSTEMD}${unit}.service`, 'utf8');
      const [, service = ''] = /^\[Service\]\n([^[]*)/m.exec(file) ?? [];
      for (const line of service.match(SETTINGS) ?? []) {
        const [name = ''] = line.split('=');
        assert.ok(names.has(name) || OTHERS.has(name), name);
      }
    }
  });

  const compare = (directives: readonly Directive[], isHeld: boolean): void => {
    for (const [wants, group] of groupsOf(directives)) {
      let without: readonly string[];
      before(async () => {
        without = await manager().allInUnit(
          wants,
          group.map(({ command }) => command),
        );
      });
      for (const [index, { property, command }] of group.entries())
        test(isHeld ? property : `${property} is passed over`, async () => {
          const said = await manager().inUnit([...wants, property], command);
          // One that cannot start says nothing.
          assert.notEqual(said, '');
          if (isHeld) assert.notEqual(said, without[index]);
          else assert.equal(said, without[index]);
        });
    }
  };
  compare(DIRECTIVES, true);
  compare(PASSED_OVER, false);

  for (const { property, wants = [], command } of IMPOSSIBLE)
    test(`with ${property} nothing starts`, async () => {
      const tried = `${command} && echo it runs`;
      assert.match(await manager().inUnit(wants, tried), /it runs/);
      assert.doesNotMatch(await manager().inUnit([...wants, property], tried), /it runs/);
    });
}

/** Those that want the same beside them are compared with one unit that has only that. */
function groupsOf(directives: readonly Directive[]): [wants: readonly string[], group: Directive[]][] {
  const groups = new Map<string, Directive[]>();
  for (const one of directives) {
    const key = (one.wants ?? []).join(' ');
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()].map((group) => [group[0]?.wants ?? [], group]);
}
