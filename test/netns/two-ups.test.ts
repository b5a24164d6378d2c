// Two devices of one user, each with nothing but `patchcord up`, and a cable between them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createTestHome, isEvent, joinHome, linesOf, patchcord, startPatchcord } from '../kit/agent.js';
import { createOtherEnd, ip, isInsideNamespace, plugCable } from '../kit/netns.js';
import { authorization } from '../kit/streams.js';
import { eventually } from '../kit/until.js';

const WITHIN = { timeout: 60_000 };

if (isInsideNamespace(import.meta.url)) {
  test(
    'a plain up on each end: they see each other, and local programs reach the other',
    WITHIN,
    async (t) => {
      ip('link set lo up');
      const other = await createOtherEnd();
      t.after(() => other.close());
      other.ip('link set lo up');
      const [near, far] = [createTestHome(t), createTestHome(t)];
      assert.equal((await patchcord(near, ['init'])).code, 0);
      const farId = joinHome(far, near);
      const ups = [
        startPatchcord(near, ['up', '--json', '--listen', 'near0']),
        startPatchcord(far, ['up', '--json', '--listen', 'far0'], { within: other }),
      ];
      for (const up of ups) await up.untilLine(isEvent('ready'));
      plugCable('near0', 'far0', other);

      const peersOf = async (): Promise<unknown> => {
        const [line] = linesOf((await patchcord(near, ['peers', '--json'])).stdout);
        const peers = line?.['peers'] as { deviceId: string | null }[];
        return peers.find(({ deviceId }) => deviceId === farId) ?? null;
      };
      await eventually(peersOf);
      const { port, tokens } = JSON.parse(readFileSync(near.paths.peerStreams, 'utf8')) as {
        port: number;
        tokens: { local: string };
      };
      const reply = await fetch(`http://127.0.0.1:${port}/peers/${farId}/`, {
        headers: { authorization: authorization(tokens.local) },
      });
      assert.equal(((await reply.json()) as { deviceId: string }).deviceId, farId);
      // Nobody here is a stranger to the other.
      for (const up of ups) assert.ok(!up.stdout().includes('"denied"'), up.stdout());
      for (const up of ups) up.kill('SIGTERM');
      for (const up of ups) assert.equal((await up.ended).code, 0);
    },
  );
}
