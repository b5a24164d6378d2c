// `patchcord pair` and `patchcord join`, with nothing between the two devices but a cable and a code.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createTestHome, isEvent, startPatchcord } from '../kit/agent.js';
import { createOtherEnd, ip, isInsideNamespace, plugCable } from '../kit/netns.js';
import { agree } from '../kit/pairing-commands.js';

const WITHIN = { timeout: 120_000 };

if (isInsideNamespace(import.meta.url)) {
  test('a new device finds the offer by itself, and has a leaf', WITHIN, async (t) => {
    ip('link set lo up');
    const other = await createOtherEnd();
    t.after(() => other.close());
    other.ip('link set lo up');
    plugCable('near0', 'far0', other);
    const [laptop, camera] = [createTestHome(t), createTestHome(t)];
    laptop.writeConfig({ name: 'Ada’s laptop', listen: { on: ['near0'] } });
    camera.writeConfig({ name: 'Ada’s camera', listen: { on: ['far0'] } });
    const up = startPatchcord(laptop, ['up', '--json']);
    await up.untilLine(
      (line) => isEvent('listening')(line) || (line['listeners'] as unknown[] | undefined)?.length === 1,
    );
    const pair = startPatchcord(laptop, ['pair', '--json']);
    const offered = await pair.untilLine(isEvent('offered'));
    const joining = startPatchcord(camera, ['join', '--json'], { within: other });
    await joining.untilLine(isEvent('code'));

    const begun = performance.now();
    joining.type(`${String(offered['code'])}\n`);
    await agree(pair, joining);
    await joining.untilLine(isEvent('joined'));
    t.diagnostic(`from the code to the leaf: ${Math.round(performance.now() - begun)} ms`);
    for (const { ended } of [pair, joining]) assert.equal((await ended).code, 0);
    const caOf = (home: typeof laptop): string =>
      readFileSync(join(home.paths.identity, 'user-ca.pem'), 'utf8');
    assert.equal(caOf(camera), caOf(laptop));
    up.kill('SIGTERM');
    assert.equal((await up.ended).code, 0);
  });
}
