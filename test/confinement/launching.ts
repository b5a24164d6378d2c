// What cannot be confined is not said to be, and is refused where it has to be.
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { launchGateway, NotConfined } from '../../dist/index.js';

export const launching = (): void =>
  void test('a gateway with a Unix socket for peer streams is none that its profile confines', async (t) => {
    const door = createServer();
    await new Promise<void>((resolve) => door.listen('/run/streams.sock', resolve));
    t.after(() => door.close());
    const { fd } = (door as unknown as { _handle: { fd: number } })._handle;
    const env = { version: 1, listen: { on: 'loopback' } };
    await assert.rejects(
      launchGateway(env, { requireConfinement: true, peerStreamsFd: fd }),
      (error) => error instanceof NotConfined,
    );
    const confined = await launchGateway(env, { requireConfinement: true });
    assert.equal(await confined.stop(), 0);
  });
