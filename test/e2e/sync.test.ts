// Two devices of one user and a bare cable: documents, new databases and files become the same on both, with no setting.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isInsideNamespace } from '../kit/netns.js';
import { document, startTwoDevices } from '../kit/two-devices.js';

const WITHIN = { timeout: 200_000 };

if (isInsideNamespace(import.meta.url)) {
  test('what is written on either side is on both', WITHIN, async (t) => {
    const { near, far } = await startTwoDevices(t);
    await near.ask('PUT', '/dmedia-0/from-near', { said: 'near' });
    await far.ask('PUT', '/dmedia-0/from-far', { said: 'far' });
    assert.equal((await document(far, 'dmedia-0', 'from-near'))['said'], 'near');
    assert.equal((await document(near, 'dmedia-0', 'from-far'))['said'], 'far');
  });
}
