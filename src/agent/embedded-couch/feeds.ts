// Answers `_changes`: row by row, and for the feeds that stay open until something happens, time is up, the client is
// gone or the server closes.
import type { DatabaseCall } from './call.js';
import { parseChanges, type ChangesPlan } from './changes.js';
import type { Change, ChangesFeed, PouchDatabase } from './packages.js';

/** What a client may leave unread before its feed is cut. */
const MAX_UNREAD_BYTES = 64 * 1024 * 1024;

export async function answerChanges(call: DatabaseCall): Promise<void> {
  const plan = parseChanges(call);
  const heartbeat = startHeartbeat(call, plan);
  try {
    if (plan.feed === 'continuous') await sendContinuous(call, plan);
    else await sendRows(call, plan);
  } finally {
    clearInterval(heartbeat);
  }
}

const jsonLine = (value: unknown): string => `${JSON.stringify(value)}\n`;

function startHeartbeat(
  { response }: DatabaseCall,
  { feed, heartbeatMs }: ChangesPlan,
): NodeJS.Timeout | undefined {
  if (feed === 'normal' || heartbeatMs === null) return undefined;
  return setInterval(() => write(response, '\n'), heartbeatMs);
}

function openReply(response: DatabaseCall['response']): void {
  if (response.headersSent) return;
  response.writeHead(200, { 'content-type': 'application/json' });
  response.flushHeaders();
}

function write(response: DatabaseCall['response'], text: string): void {
  openReply(response);
  response.write(text);
  if (response.writableLength > MAX_UNREAD_BYTES) response.destroy();
}

/** normal and longpoll: one object of results; longpoll waits for the first when there is none. */
async function sendRows(call: DatabaseCall, plan: ChangesPlan): Promise<void> {
  const { database, response } = call;
  let rows = 0;
  const sendRow = (change: Change): void => {
    write(response, `${rows++ === 0 ? '' : ',\n'}${JSON.stringify(change)}`);
  };
  write(response, '{"results":[\n');
  let last = await readChanges(database.pouch, plan, sendRow);
  if (rows === 0 && plan.feed === 'longpoll') {
    const change = await waitForChange(call, { ...plan, options: { ...plan.options, since: last } });
    if (change !== null) sendRow(change);
    last = change?.seq ?? last;
  }
  response.end(`\n],\n"last_seq":${last},"pending":0}\n`);
}

/** Calls back with each change there is; resolves to the last sequence that was looked at. */
async function readChanges(
  pouch: PouchDatabase,
  plan: ChangesPlan,
  onChange: (change: Change) => void,
): Promise<number> {
  const feed = pouch.changes({ ...plan.options, live: false });
  feed.on('change', onChange);
  return (await feed).last_seq;
}

/** The next change, or null when the feed is to end without. */
async function waitForChange(call: DatabaseCall, plan: ChangesPlan): Promise<Change | null> {
  let found: Change | null = null;
  await follow(call, plan, (change, feed) => {
    found ??= change;
    feed.cancel();
  });
  return found;
}

/** A line for each change, for as long as they come. */
async function sendContinuous(call: DatabaseCall, plan: ChangesPlan): Promise<void> {
  const { response } = call;
  const { limit = Infinity, since } = plan.options;
  let [rows, last] = [0, since];
  openReply(response);
  await follow(call, plan, (change, feed) => {
    write(response, jsonLine(change));
    last = change.seq;
    if (++rows >= limit) feed.cancel();
  });
  response.end(jsonLine({ last_seq: last, pending: 0 }));
}

/** A live feed, until it is cancelled, its database is gone, it was idle for too long, or nobody is there. */
async function follow(
  { database, response, closing }: DatabaseCall,
  { options, heartbeatMs, timeoutMs }: ChangesPlan,
  onChange: (change: Change, feed: ChangesFeed) => void,
): Promise<void> {
  const feed = database.pouch.changes({ ...options, live: true });
  const ended = new Promise<void>((resolve, reject) => {
    feed.on('complete', resolve).on('error', reject);
  });
  const cancel = (): void => feed.cancel();
  const idle = heartbeatMs === null ? setTimeout(cancel, timeoutMs) : null;
  feed.on('change', (change) => {
    idle?.refresh();
    onChange(change, feed);
  });
  response.once('close', cancel);
  closing.addEventListener('abort', cancel);
  if (response.destroyed || closing.aborted) cancel();
  try {
    await ended;
  } finally {
    if (idle !== null) clearTimeout(idle);
    response.off('close', cancel);
    closing.removeEventListener('abort', cancel);
  }
}
