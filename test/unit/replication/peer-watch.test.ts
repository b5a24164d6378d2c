// What counts as offered by a peer: not what it lists, but what it has shown.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PeerFailed } from '../../../dist/adapters/peer-streams/peer-client.js';
import { createPeerWatch } from '../../../dist/agent/replication/peer-watch.js';
import type { DeviceId } from '../../../dist/core/ids.js';
import { eventually } from '../../kit/until.js';

const AWAY = 'away';
const [OWN, PEER] = ['A'.repeat(48) as DeviceId, 'B'.repeat(48) as DeviceId];

/** A watch on one peer that lists and has these; it is asked again by `ask`. */
function watchOn(t: { after: (end: () => unknown) => void }, lists: string[], has: string[]) {
  const asked: string[] = [];
  let changed = (): void => undefined;
  const watch = createPeerWatch({
    client: {
      databases: () => Promise.resolve(lists),
      hasDatabase(_device, database) {
        asked.push(database);
        if (has.includes(AWAY)) return Promise.reject(new PeerFailed(503, 'its CouchDB is away'));
        return Promise.resolve(has.includes(database));
      },
    },
    ownId: () => OWN,
    known: () => [PEER],
    isWanted: (database) => database.startsWith('dmedia-0'),
    onChange: () => changed(),
  });
  t.after(() => watch.close());
  const change = (): Promise<void> => new Promise((resolve) => (changed = resolve));
  const hint = { address: 'fe80::1', zone: 'usb0', port: 1, instance: 'x', time: '' };
  const ask = (): void => watch.note({ event: 'peer-seen', deviceId: PEER, ...hint });
  return { watch, asked, change, ask };
}

test('a database that a peer lists and does not have is not offered; one that it has is', async (t) => {
  const { watch, asked, change } = watchOn(t, ['dmedia-0', 'dmedia-0-film', 'plans'], ['dmedia-0', 'plans']);
  await change();
  assert.deepEqual(watch.list()[0]?.offers, ['dmedia-0']);
  assert.deepEqual(asked, ['dmedia-0', 'dmedia-0-film'], 'what nobody wants is not asked for');
});

test('it is asked for again until it is there, and after its pull failed', async (t) => {
  const has: string[] = [];
  const { watch, asked, change, ask } = watchOn(t, ['dmedia-0'], has);
  await change();
  assert.deepEqual(watch.list()[0]?.offers, []);

  has.push('dmedia-0');
  let next = change();
  ask();
  await next;
  assert.deepEqual(watch.list()[0]?.offers, ['dmedia-0']);

  // While its CouchDB is away it is offered as before, and shows so where it is pulled to.
  has[0] = AWAY;
  watch.doubt(PEER, 'dmedia-0');
  const before = asked.length;
  ask();
  await eventually(() => Promise.resolve(asked.length > before ? true : null));
  assert.deepEqual(watch.list()[0]?.offers, ['dmedia-0']);

  has.pop();
  next = change();
  ask();
  await next;
  assert.deepEqual(watch.list()[0]?.offers, []);
});
