import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import {
  CouchError,
  type CouchClient,
  type ReplicatorJob,
} from '../../../dist/adapters/couch-client/couch-client.js';
import type { StreamAccess } from '../../../dist/agent/home/stream-access.js';
import { createCouchPuller } from '../../../dist/agent/replication/couch-puller.js';
import type { DeviceId } from '../../../dist/core/ids.js';
import type { PullJob } from '../../../dist/core/replication/jobs.js';

const LOOK_MS = 2000;
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
const jobFor = (database: string): PullJob => ({
  deviceId: 'A'.repeat(48) as DeviceId,
  ...{ database, credential: 'own', design: false },
});

/** With a CouchDB that a test plays: ids of jobs are the names of their databases. */
function createPuller(t: TestContext, couch: Partial<CouchClient>) {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const admin = {
    replicate: ({ target }: { target: { url: string } }) =>
      Promise.resolve(target.url.split('/').at(-1) ?? ''),
    replicatorJobs: () => Promise.resolve([]),
    cancelReplication: () => Promise.resolve(true),
    ...couch,
  } as unknown as CouchClient;
  const puller = createCouchPuller({
    admin,
    client: { pending: () => Promise.resolve(0) },
    streams: { port: 1, tokens: { replicator: '' } } as unknown as StreamAccess,
    upstreamUrl: 'http://127.0.0.1:1/',
    credentials: () => ({ own: { none: true } }),
  });
  t.after(() => puller.close());
  return puller;
}

test('a CouchDB that hangs is asked once at a time; one that answers, again and again', async (t) => {
  let [asked, answer] = [0, (): void => undefined];
  // It is on the list: one that is not there twice has ended, and nothing is asked any more.
  const counts = { read: 0, written: 0, failed: 0 };
  const job = { id: 'dmedia-0', source: '', ...counts, throughSeq: null, crash: null };
  const replicatorJobs = (): Promise<ReplicatorJob[]> => {
    asked += 1;
    return new Promise((resolve) => {
      answer = () => {
        resolve([job]);
      };
    });
  };
  const puller = createPuller(t, { replicatorJobs });
  await puller.start(jobFor('dmedia-0'));
  for (let times = 0; times < 5; times++) {
    t.mock.timers.tick(LOOK_MS);
    await turn();
  }
  assert.equal(asked, 1);
  for (let times = 2; times < 5; times++) {
    answer();
    await turn();
    t.mock.timers.tick(LOOK_MS);
    await turn();
    assert.equal(asked, times);
  }
  answer();
});

test('one job that cannot be cancelled holds up no other, and is not taken up while it may run on', async (t) => {
  const cancelled: string[] = [];
  let isStubborn = true;
  const cancelReplication = (id: string): Promise<boolean> => {
    cancelled.push(id);
    return id === 'stubborn' && isStubborn
      ? Promise.reject(new CouchError(500, 'no'))
      : Promise.resolve(true);
  };
  const puller = createPuller(t, { cancelReplication });
  const pull = await puller.start(jobFor('stubborn'));
  await pull.cancel();
  await puller.start(jobFor('other'));
  await assert.rejects(puller.start(jobFor('stubborn')), CouchError);
  isStubborn = false;
  await puller.start(jobFor('stubborn'));
  assert.ok(cancelled.every((id) => id === 'stubborn'));
});
