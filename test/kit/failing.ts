// Makes one call fail: the n-th of the file system (of `fs/promises` and of open files), or the n-th of sockets (to
// connect, to send, to receive, to listen) in this process. What is written when it fails is there by half. Or, as after
// `kill -9`, that call and all after it never come back, and what was open is closed: whatever was begun is forgotten.
import { AsyncLocalStorage } from 'node:async_hooks';
import fs from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { Readable } from 'node:stream';

export type FailingKind = 'files' | 'sockets';

interface Plan {
  readonly kind: FailingKind;
  readonly at: number;
  readonly code: string;
  count: number;
  failed: string | null;
}

export interface Failed<Result> {
  readonly result: Result;
  /** The call that failed; null where there were fewer. */
  readonly failed: string | null;
  readonly calls: number;
}

/** In place of an error's code. */
export const KILL = 'KILL';

/** What was begun by one `act`, wherever it goes on. */
interface Life {
  isOver: boolean;
  readonly opened: Set<FileHandle>;
  readonly end: () => void;
}
const lives = new AsyncLocalStorage<Life>();
const NEVER = new Promise<never>(() => undefined);

let plan: Plan | null = null;

/**
 * Runs `act` with call `at` of its kind failing; with 0 none does, and they are counted. The result is null where it was
 * killed.
 */
export async function withFailing<Result>(
  kind: FailingKind,
  at: number,
  code: string,
  act: () => Promise<Result>,
): Promise<Failed<Result | null>> {
  await hook();
  const own: Plan = { kind, at, code, count: 0, failed: null };
  plan = own;
  try {
    const result = await live(act);
    return { result, failed: own.failed, calls: own.count };
  } finally {
    plan = null;
  }
}

async function live<Result>(act: () => Promise<Result>): Promise<Result | null> {
  let end = (): void => undefined;
  const ended = new Promise<null>((resolve) => (end = () => resolve(null)));
  const life: Life = { isOver: false, opened: new Set(), end: () => end() };
  const result = await lives.run(life, () => Promise.race([act(), ended]));
  if (life.isOver) for (const file of life.opened) await file.close().catch(() => undefined);
  return result;
}

function fails(kind: FailingKind, name: string): NodeJS.ErrnoException | null {
  if (plan?.kind !== kind) return null;
  plan.count += 1;
  if (plan.count !== plan.at) return null;
  plan.failed = name;
  return Object.assign(new Error(`${plan.code}: made to fail, ${name}`), { code: plan.code, syscall: name });
}

type Method = (this: unknown, ...args: unknown[]) => unknown;
const methodsOf = (of: object): Record<string, Method> => of as Record<string, Method>;

const CALLS = [
  ...['open', 'rename', 'rm', 'mkdir', 'mkdtemp', 'readdir', 'opendir'],
  ...['stat', 'lstat', 'statfs', 'chmod', 'link', 'readFile'],
];
const OF_FILES = [
  'read',
  'write',
  'readFile',
  'writeFile',
  'appendFile',
  'sync',
  'stat',
  'truncate',
  'chmod',
  'close',
];

let hooked: Promise<void> | null = null;
const hook = (): Promise<void> => (hooked ??= hookAll());

async function hookAll(): Promise<void> {
  const file: FileHandle = await fs.promises.open(tmpdir(), 'r');
  await file.close();
  hookOpenFiles(methodsOf(Object.getPrototypeOf(file) as object));
  const promises = methodsOf(fs.promises);
  for (const name of CALLS)
    wrap(promises, name, (original, self, args) => {
      if (lives.getStore()?.isOver === true) return NEVER;
      const error = fails('files', name);
      if (error?.code === KILL) return die();
      const path = typeof args[0] === 'string' ? { path: args[0] } : {};
      if (error !== null) return Promise.reject(Object.assign(error, path));
      const result = original.apply(self, args) as Promise<unknown>;
      return name === 'open' ? result.then(keepOpen) : result;
    });
  hookSockets();
  syncBuiltinESMExports();
}

function hookOpenFiles(prototype: Record<string, Method>): void {
  const { write, close } = prototype;
  for (const name of OF_FILES)
    wrap(prototype, name, async (original, self, args) => {
      if (lives.getStore()?.isOver === true) return NEVER;
      const error = fails('files', `${name} of an open file`);
      if (error === null) return original.apply(self, args);
      if (name === 'close') await close?.apply(self);
      const bytes =
        name.endsWith('rite') || name.endsWith('File') ? Buffer.from((args[0] ?? '') as string) : null;
      if (name === 'write') {
        const [buffer, offset, length, position] = args as [unknown, number, number, number];
        await write?.call(self, buffer, offset, Math.floor(length / 2), position);
      } else if (bytes !== null && name !== 'readFile') {
        await write?.call(self, bytes, 0, Math.floor(bytes.length / 2));
      }
      if (error.code === KILL) return die();
      throw error;
    });
}

function keepOpen(file: unknown): unknown {
  lives.getStore()?.opened.add(file as FileHandle);
  return file;
}

function die(): Promise<never> {
  const life = lives.getStore();
  if (life !== undefined) life.isOver = true;
  life?.end();
  return NEVER;
}

/** Of the network: not the pipes to whoever runs this process. */
const isOfNetwork = (socket: net.Socket): boolean => socket.connecting || socket.remoteAddress !== undefined;

function hookSockets(): void {
  const socket = methodsOf(net.Socket.prototype);
  wrap(socket, 'connect', (original, self, args) => {
    const error = fails('sockets', 'connect');
    if (error === null) return original.apply(self, args);
    // Never at once: so does the kernel.
    process.nextTick(() => (self as net.Socket).destroy(error));
    return self;
  });
  for (const name of ['_write', '_writev'])
    wrap(socket, name, (original, self, args) => {
      const error = isOfNetwork(self as net.Socket) ? fails('sockets', 'send') : null;
      if (error === null) return original.apply(self, args);
      return (self as net.Socket).destroy(error);
    });
  const push = methodsOf(Readable.prototype)['push'];
  socket['push'] = function (this: unknown, ...args) {
    const isData = args[0] !== null && isOfNetwork(this as net.Socket);
    const error = isData ? fails('sockets', 'receive') : null;
    if (error === null) return push?.apply(this, args);
    (this as net.Socket).destroy(error);
    return false;
  };
  wrap(methodsOf(net.Server.prototype), 'listen', (original, self, args) => {
    const error = fails('sockets', 'listen');
    if (error === null) return original.apply(self, args);
    process.nextTick(() => (self as net.Server).emit('error', error));
    return self;
  });
}

function wrap(
  of: Record<string, Method>,
  name: string,
  instead: (original: Method, self: unknown, args: unknown[]) => unknown,
): void {
  const original = of[name];
  if (original === undefined) return;
  of[name] = function (this: unknown, ...args) {
    return instead(original, this, args);
  };
}
