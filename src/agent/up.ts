// `patchcord up`, from the first file to the last: only names the steps.
import { tuneHeap } from '../adapters/heap/tune-heap.js';
import { lockHome, openHome } from './home/home.js';
import { openStreamAccess } from './home/stream-access.js';
import { createClosers } from './closers.js';
import { startCare } from './directory/care.js';
import { directoryClient } from './directory/client.js';
import { followDirectory } from './directory/follow.js';
import { openMembership } from './directory/membership.js';
import { createNameOf } from './directory/names.js';
import { createRequests } from './directory/requests.js';
import { createDesk } from './pairing/desk.js';
import { labelOf } from './pairing/offer.js';
import { serveAgent } from './rpc/serve-agent.js';
import { createHandlers } from './up/handlers.js';
import { openUpstream } from './upstream/upstream.js';
import { prepareStores } from './up/prepare-stores.js';
import { startSync } from './sync/sync.js';
import { startService } from './up/service.js';
import { describeUp } from './up/describe.js';
import type { UpContext } from './up/context.js';

/** How often the database of statements is looked at. */
const DIRECTORY_MS = 1000;

/** Runs until `signal` is aborted, or the gateway ends; everything that was started is stopped then. */
export async function up(context: UpContext): Promise<void> {
  const { paths, settings, signal, now, report, adminLogin } = context;
  tuneHeap();
  const closers = createClosers();
  // Before anything is there that could be stopped.
  const lock = await lockHome(paths);
  closers.add(() => lock.release());
  try {
    const { identity, isNew } = await openHome(paths, now());
    const membership = await openMembership({ paths, settings, identity });
    report.knowNames(createNameOf(membership));
    const care = await startCare({ paths, membership, name: settings.name, now, tell: report.directory });
    closers.add(() => care.close());
    await prepareStores(settings, paths);
    signal.throwIfAborted();
    const upstream = await openUpstream({
      paths,
      settings,
      identity,
      adminLogin,
      onEmbedded: (event) => event.event === 'died' && report.embeddedDied(event.restartInMs),
    });
    closers.add(() => upstream.close());
    signal.throwIfAborted();
    const streams = await openStreamAccess(paths, settings.peerStreams.port ?? null);
    const service = await startService({ context, membership, upstream, streams });
    closers.add(() => service.close());
    const directory = {
      database: settings.directory,
      client: () => directoryClient(settings, upstream, service.credentials()),
    };
    const requests = createRequests({ ...directory, membership, tell: report.directory, now });
    const follower = followDirectory({
      ...directory,
      directory: () => membership.directory(),
      requests,
      intervalMs: DIRECTORY_MS,
    });
    closers.add(() => follower.close());
    const sync = await startSync({ context, membership, upstream, service, streams });
    closers.add(() => sync.close());
    const name = (): string => membership.view().name ?? settings.name;
    const desk = createDesk({
      call: service.pair,
      paths,
      membership,
      requests,
      label: () => labelOf(name()),
      directory: settings.directory,
      now,
    });
    closers.add(() => desk.close());
    service.observe({ onEvent: desk.note, onChange: () => undefined });
    const handlers = createHandlers({ context, membership, requests, upstream, service, sync, desk });
    const socket = await serveAgent(paths, handlers);
    closers.add(() => socket.close());
    report.ready(await describeUp({ context, identity, isNew, name: name(), upstream, service }));
    await service.run(signal);
  } finally {
    await closers.closeAll();
    report.stopped();
  }
}
