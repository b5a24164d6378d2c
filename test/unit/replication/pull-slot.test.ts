import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPullSlot } from '../../../dist/agent/replication/pull-slot.js';
import type { DeviceId } from '../../../dist/core/ids.js';

const RUNS = 30;
const MINUTE_MS = 60_000;

test('a job that fails again and again leaves nothing behind', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const warnings: string[] = [];
  const note = ({ name }: Error): void => void warnings.push(name);
  process.on('warning', note);
  t.after(() => process.off('warning', note));
  let [runs, begun] = [0, (): void => undefined];
  const slot = openPullSlot({
    job: { deviceId: 'A'.repeat(48) as DeviceId, database: 'dmedia-0', credential: 'own', design: false },
    puller: {
      kind: 'couchdb',
      start() {
        runs += 1;
        begun();
        const progress = { read: 0, written: 0, failed: 0, pending: null, isCurrent: false };
        return Promise.resolve({ progress, ended: Promise.resolve('no'), cancel: () => Promise.resolve() });
      },
      sweep: () => Promise.resolve(),
      close: () => Promise.resolve(),
    },
    onEnd: () => undefined,
  });
  while (runs < RUNS) {
    const next = new Promise<void>((resolve) => (begun = resolve));
    await new Promise(setImmediate);
    t.mock.timers.tick(MINUTE_MS);
    await next;
  }
  await new Promise(setImmediate);
  assert.ok(!warnings.includes('MaxListenersExceededWarning'));
  await slot.close();
});
