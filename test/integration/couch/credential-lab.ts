// What the tests of credentials share: gateways with one, and asking until what is checked a little later is known.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { GatewayError } from '../../../dist/index.js';
import { startCouchGateway, type CouchGateway, type CouchPlan } from '../../kit/household.js';
import type { Peer } from '../../kit/peer.js';
import { createTestPki } from '../../kit/pki.js';

export const pki = createTestPki();
export const EX_CONFIG = 78;
export const POLL_MS = 50;

export async function startFor(t: TestContext, plan: Omit<CouchPlan, 'pki'>) {
  const through = await startCouchGateway({ pki, ...plan });
  t.after(() => through.stop());
  return { ...through, desktop: through.peer(pki.ada.desktop) };
}

/** How an env ends that must not be served: before `ready`, or soon after where the upstream was slow. */
export async function fatalEnd(plan: Omit<CouchPlan, 'pki'>): Promise<number | null> {
  const started = await startCouchGateway({ pki, ...plan }).catch((error: unknown) => error);
  if (!(started instanceof GatewayError)) return untilExit(started as CouchGateway);
  assert.deepEqual(
    started.problems.map(({ path }) => path),
    ['$.couchdb.credentials.own'],
  );
  return started.exitCode;
}

export const untilExit = ({ gateway, peer }: CouchGateway): Promise<number | null> =>
  askUntil(peer(pki.ada.desktop), '/couch/dmedia-0', gateway.exited);

/** Asks again and again, so that credentials are checked, until something has happened. */
export async function askUntil<T>(peer: Peer, path: string, happened: Promise<T>): Promise<T> {
  const over = new AbortController();
  void happened.finally(() => over.abort());
  while (!over.signal.aborted) {
    await Promise.race([peer.ask('GET', path).catch(() => undefined), happened]);
    await delay(POLL_MS);
  }
  return happened;
}

/** Asks until the answer has this status: for what is mended a little later. */
export async function untilStatus(peer: Peer, path: string, status: number): Promise<void> {
  while ((await peer.ask('GET', path)).status !== status) await delay(POLL_MS);
}
