// `patchcord up`, from the first file to the last: only names the steps.
import { lockHome, openHome } from './home/home.js';
import { openStreamAccess } from './home/stream-access.js';
import { createClosers } from './closers.js';
import { serveAgent } from './rpc/serve-agent.js';
import { createHandlers } from './up/handlers.js';
import { openUpstream } from './upstream/upstream.js';
import { prepareStores } from './up/prepare-stores.js';
import { startService } from './up/service.js';
import { describeUp } from './up/describe.js';
import type { UpContext } from './up/context.js';

/** Runs until `signal` is aborted, or the gateway ends; everything that was started is stopped then. */
export async function up(context: UpContext): Promise<void> {
  const { paths, settings, signal, now, report, adminLogin } = context;
  const closers = createClosers();
  try {
    const lock = await lockHome(paths);
    closers.add(() => lock.release());
    const { identity, isNew } = await openHome(paths, now());
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
    const service = await startService({ context, identity, upstream, streams });
    closers.add(() => service.close());
    const socket = await serveAgent(paths, createHandlers({ context, identity, upstream, service }));
    closers.add(() => socket.close());
    report.ready(await describeUp({ context, identity, isNew, upstream, service }));
    await service.run(signal);
  } finally {
    await closers.closeAll();
    report.stopped();
  }
}
