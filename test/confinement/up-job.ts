// What a running `patchcord up` does with another device of its user: pairs, pulls a database and a file through a peer
// stream, and serves both. The other device is at the far end of a cable, and confined by nothing that is shown here.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Paths } from '../../dist/agent/home/paths.js';
import { remoteTalk } from '../../dist/agent/pairing/remote-talk.js';
import type { Talk, TalkMessage } from '../../dist/agent/pairing/talk.js';
import { askAgent } from '../../dist/agent/rpc/ask-agent.js';
import { pathOf, put } from '../integration/files/temp-store.js';
import {
  createTestHome,
  isEvent,
  linesOf,
  startPatchcord,
  type ReadyLine,
  type TestHome,
} from '../kit/agent.js';
import { startGateway } from '../kit/gateway.js';
import { couchEnv } from '../kit/household.js';
import { createTestPki } from '../kit/pki.js';
import { soon } from '../kit/two-devices.js';
import { basicOf } from '../kit/upstreams.js';
import { FILM, LIBRARY_DOCUMENTS } from './documents.js';
import type { FarEnd } from './far-end.js';

const FAR_STORE = '/run/far-store';

export interface UpJob {
  readonly t: TestContext;
  /** Of the device that is shown. */
  readonly paths: Paths;
  readonly ready: ReadyLine;
  readonly farEnd: FarEnd;
}

export async function pairAndReplicate(job: UpJob): Promise<void> {
  const { t, paths, ready, farEnd } = job;
  const home = createTestHome(t);
  home.writeConfig({ listen: { on: ['far1'] } });
  const identity = await pair(job, home);
  const ca = readFileSync(join(home.paths.identity, 'user-ca.pem'), 'utf8');
  const far = await startFar(farEnd, identity, ca);
  t.after(() => far.stop());

  await untilPulled(paths, farEnd.database);
  const film = pathOf(paths.store, FILM.id);
  await soon(() => (existsSync(film) ? true : null));
  assert.ok(readFileSync(film).equals(FILM.bytes));

  const [listener] = ready.listeners;
  assert.ok(listener);
  const { replies, pulled } = await farEnd.ask({
    ...{ address: listener.address, zone: 'far1', port: listener.port },
    ...{ cert: identity.cert, key: identity.key, ca },
    name: `${ready.identity.deviceId}.patchcord.internal`,
    asks: [{ method: 'GET', path: `/files/${FILM.id}`, headers: { range: 'bytes=0-9' } }],
    pull: farEnd.database,
  });
  assert.equal(replies[0]?.status, 206);
  // Others may write there meanwhile.
  assert.ok((pulled ?? 0) > LIBRARY_DOCUMENTS.length);
}

/** By `patchcord join` at the other end, with the code that this end shows. Resolves with the identity there. */
async function pair({ paths, farEnd }: UpJob, home: TestHome) {
  await askAgent(paths, 'pair-add', { keyPassphrase: null });
  const talk = remoteTalk(paths);
  const said = listen(talk);
  const { code } = await said('offered');
  const joining = startPatchcord(home, ['join', '--json'], { within: farEnd.other });
  joining.type(`${code}\n`);
  await joining.untilLine(isEvent('compare'));
  joining.type('yes\n');
  await said('compare');
  await talk.answer({ yes: true });
  const { code: exitCode, stdout, stderr } = await joining.ended;
  assert.equal(exitCode, 0, stdout + stderr);
  const joined = linesOf(stdout).find(isEvent('joined'));
  const read = (name: string): string => readFileSync(join(home.paths.identity, name), 'utf8');
  const ids = { userId: String(joined?.['userId']), deviceId: String(joined?.['deviceId']) };
  return { ...ids, name: 'camera', cert: read('leaf.pem'), key: read('leaf.key') };
}

/** What is said, as it comes: a run that nobody asks about any more is given up. */
function listen(talk: Talk) {
  const seen: TalkMessage[] = [];
  void (async () => {
    while (!seen.some(({ event }) => event === 'ended')) seen.push(...(await talk.next(seen.length)));
  })();
  return <Name extends TalkMessage['event']>(name: Name): Promise<Extract<TalkMessage, { event: Name }>> =>
    soon(() => {
      const found = seen.find(({ event }) => event === name);
      return (found as Extract<TalkMessage, { event: Name }> | undefined) ?? null;
    });
}

/** It has a library, and a film in its store. */
function startFar(farEnd: FarEnd, identity: object, ca: string) {
  put(FAR_STORE, FILM.id, FILM.bytes);
  const { login, database, farUrl: url, farExecutable: executable } = farEnd;
  const databases = [{ name: database, access: 'write' }];
  const env = couchEnv({ pki: createTestPki(), url, login, databases, stores: [FAR_STORE], files: 'all' });
  const own = { identity, trust: { cas: { user: ca } }, listen: { on: ['far1'] } };
  return startGateway({ ...env, ...own }, { executable });
}

/** Asked as the gateway would. */
async function untilPulled(paths: Paths, database: string): Promise<void> {
  const { url, credentials } = await askAgent(paths, 'couchdb');
  const own = credentials['own'];
  assert.ok(own !== undefined && 'basic' in own);
  const headers = { authorization: basicOf(own.basic) };
  await soon(async () => {
    const reply = await fetch(new URL(database, url), { headers });
    const { doc_count = 0 } = (await reply.json()) as { doc_count?: number };
    return doc_count > LIBRARY_DOCUMENTS.length ? true : null;
  });
}
