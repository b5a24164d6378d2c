// `patchcord pair` and `patchcord join`, with nothing between the two devices but a cable and a code.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createTestHome, isEvent, startPatchcord, type Command } from '../kit/agent.js';
import { createOtherEnd, ip, isInsideNamespace, plugCable } from '../kit/netns.js';
import { agree } from '../kit/pairing-commands.js';
import { screenOf } from '../kit/screen.js';
import { eventually } from '../kit/until.js';

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
    camera.writeConfig({ name: 'Ada’s camera' });
    const up = startPatchcord(laptop, ['up', '--json']);
    await up.untilLine(
      (line) => isEvent('listening')(line) || (line['listeners'] as unknown[] | undefined)?.length === 1,
    );
    const pair = startPatchcord(laptop, ['pair', '--json']);
    const offered = await pair.untilLine(isEvent('offered'));
    const joining = startPatchcord(camera, ['join', '--listen', 'far0', '--json'], { within: other });
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

    await t.test(
      'at terminals: the code large, a QR code, the time left; one of several offers',
      async () => {
        const [desktop, phone] = [createTestHome(t), createTestHome(t)];
        desktop.writeConfig({ name: 'Grace’s desktop', listen: { on: ['near0'] } });
        phone.writeConfig({ name: 'Ada’s phone', listen: { on: ['far0'] } });
        const second = startPatchcord(desktop, ['up', '--json']);
        await second.untilLine(isEvent('ready'));
        const showing = [laptop, desktop].map((home) =>
          startPatchcord(home, ['pair'], { terminal: true, env: { TERM: 'xterm' } }),
        );
        await Promise.all(showing.map((command) => command.untilText(' left')));
        const [mine] = showing as [Command, Command];
        const { code, port } = shownBy(mine);
        // Each letter and the QR code are drawn in blocks; the time is written over, and not below.
        assert.match(mine.stdout(), /█{3}/);
        assert.match(mine.stdout(), /[▀▄]/);
        await eventually(() => (mine.stdout().split(REWRITTEN).length > 2 ? true : null));
        assert.equal(screenOf(mine.stdout()).filter((line) => line.endsWith(' left')).length, 1);

        const choosing = startPatchcord(phone, ['join'], { within: other, terminal: true });
        await choosing.untilText('The code that the other device shows: ');
        choosing.type(`${code}\r`);
        await choosing.untilText('Which one? ');
        const line = choosing
          .stdout()
          .match(new RegExp(String.raw`(\d)  on far0, \[fe80::[^\]]+\]:${port}\b`));
        // What is typed ahead of a question at a terminal is no answer to it.
        choosing.type('9\r');
        await choosing.untilText('A number from 1 to 2: ');
        choosing.type(`${line?.[1] ?? ''}\r`);
        for (const command of [mine, choosing]) {
          await command.untilText('[y/N] ');
          command.type('y\r');
        }
        assert.equal((await choosing.ended).code, 0);
        assert.equal((await mine.ended).code, 0);
        assert.equal(caOf(phone), caOf(laptop));
      },
    );
    up.kill('SIGTERM');
    assert.equal((await up.ended).code, 0);
  });
}

/** What a person reads on the screen of `pair`. */
function shownBy(command: Command): { code: string; port: string } {
  const [, code = ''] = /The code is (\w{4}-\w{4})/.exec(command.stdout().replaceAll(BOLD, '')) ?? [];
  const [, port = ''] = /listens at \[[^\]]+\]:(\d+)/.exec(command.stdout()) ?? [];
  return { code, port };
}

/** As the countdown begins. */
const REWRITTEN = '\r\u001b[K';
/** ECMA-48: select graphic rendition. */
const BOLD = /\u001b\[[\d;]*m/g;
