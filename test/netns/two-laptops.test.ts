// What the README tells a person with two laptops, step by step, with nothing but the cable between them.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createTestHome, isEvent, linesOf, patchcord, startPatchcord } from '../kit/agent.js';
import { createOtherEnd, ip, isInsideNamespace, plugCable } from '../kit/netns.js';
import { agree } from '../kit/pairing-commands.js';
import { eventually } from '../kit/until.js';

const WITHIN = { timeout: 200_000 };

if (isInsideNamespace(import.meta.url)) {
  test('two laptops: up, pair, join, and a file is on the other one', WITHIN, async (t) => {
    ip('link set lo up');
    const within = await createOtherEnd();
    t.after(() => within.close());
    within.ip('link set lo up');
    const [first, second] = [createTestHome(t), createTestHome(t)];
    first.writeConfig({ name: 'first', listen: { on: ['near0'] } });
    second.writeConfig({ name: 'second', listen: { on: ['far0'] } });
    const up = startPatchcord(first, ['up', '--json']);
    await up.untilLine(isEvent('ready'));
    plugCable('near0', 'far0', within);

    const pair = startPatchcord(first, ['pair', '--json']);
    const { code } = (await pair.untilLine(isEvent('offered'))) as unknown as { code: string };
    const joining = startPatchcord(second, ['join', '--json'], { within });
    joining.type(`${code}\n`);
    await agree(pair, joining);
    for (const { ended } of [pair, joining]) assert.equal((await ended).code, 0, (await ended).stdout);

    const secondUp = startPatchcord(second, ['up', '--json'], { within });
    await secondUp.untilLine(isEvent('ready'));
    const film = join(first.scratch, 'film.mov');
    writeFileSync(film, Buffer.alloc(12 * 1024 * 1024, 7));
    const imported = await patchcord(first, ['files', 'import', '--json', film]);
    assert.equal(imported.code, 0, imported.stdout);
    const id = linesOf(imported.stdout).find((line) => 'outcome' in line)?.['id'];
    await eventually(async () => {
      const { stdout } = await patchcord(second, ['files', 'list', '--json'], { within });
      return linesOf(stdout).some((line) => line['id'] === id) ? true : null;
    });
    for (const each of [up, secondUp]) each.kill('SIGINT');
    for (const each of [up, secondUp]) assert.equal((await each.ended).code, 0);
  });
}
