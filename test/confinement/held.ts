// The directives of the units, one by one, in a user's own manager without rights of root: those that hold, those that
// are passed over, and those with which the program does not start.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { DIRECTIVES, IMPOSSIBLE, PASSED_OVER, RUNS, type Directive } from './directives.js';
import type { Manager, TestUnit } from './user-manager.js';

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

  const said = new Map<TestUnit, string>();
  const tries = [...DIRECTIVES, ...PASSED_OVER, ...IMPOSSIBLE].map(unitsOf);
  before(async () => {
    const units = tries.flatMap(({ held, without }) => [held, without]);
    for (const [index, text] of (await manager().runUnits(units)).entries()) {
      const unit = units[index];
      if (unit !== undefined) said.set(unit, text);
    }
  });

  for (const { directive, held, without } of tries)
    test(nameOf(directive), () => {
      const [there, absent] = [said.get(held), said.get(without)];
      if (IMPOSSIBLE.includes(directive)) assert.deepEqual([there, absent], ['', RUNS]);
      else if (PASSED_OVER.includes(directive)) assert.deepEqual([there, there === ''], [absent, false]);
      // One that cannot start says nothing.
      else assert.ok(there !== '' && there !== absent, there);
    });
}

const nameOf = (directive: Directive): string => {
  if (IMPOSSIBLE.includes(directive)) return `with ${directive.property} nothing starts`;
  return PASSED_OVER.includes(directive) ? `${directive.property} is passed over` : directive.property;
};

const unitsOf = (directive: Directive) => {
  const { property, wants = [], command } = directive;
  return {
    directive,
    held: { properties: [...wants, property], command },
    without: { properties: wants, command },
  };
};
