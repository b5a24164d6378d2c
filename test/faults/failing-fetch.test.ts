// Every call of the file system that fails while files are fetched from a peer: each is stored whole, or it is told that it
// is not; nothing half is under files/; and the next start fetches the rest.
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createStore } from '../../dist/adapters/files/create-store.js';
import { createTestHome } from '../kit/agent.js';
import { checkBlobs, CONTENTS, fetchAll } from '../kit/fetch-here.js';
import { tryEveryCall } from './every-call.js';

test('fetching files: no half blob, each is told, and the next start fetches the rest', async (t) => {
  await tryEveryCall(t, 20, {
    kind: 'files',
    async make() {
      const parent = createTestHome(t).scratch;
      await createStore(parent);
      return parent;
    },
    act: (parent) => fetchAll(parent),
    check(parent, events) {
      const stored = checkBlobs(parent);
      assert.ok((events ?? []).filter(({ event }) => event === 'file-fetched').length <= stored);
    },
    async again(parent) {
      // As after a start, what is here already is not wanted any more; here it is fetched again, and is there once.
      await fetchAll(parent);
      assert.equal(checkBlobs(parent), CONTENTS.size);
      assert.deepEqual(readdirSync(join(parent, '.dmedia/partial')), []);
      assert.ok(existsSync(join(parent, '.dmedia/leaves')));
    },
  });
});
