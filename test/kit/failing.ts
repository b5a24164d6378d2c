// Makes one call fail: the n-th of the file system (of `fs/promises` and of open files), or the n-th of sockets (to
// connect, to send, to receive, to listen) in this process. What is written when it fails is there by half.
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

let plan: Plan | null = null;

/** Runs `act` with call `at` of its kind failing; with 0 none does, and they are counted. */
export async function withFailing<Result>(
  kind: FailingKind,
  at: number,
  code: string,
  act: () => Promise<Result>,
): Promise<Failed<Result>> {
  await hook();
  const own: Plan = { kind, at, code, count: 0, failed: null };
  plan = own;
  try {
    const result = await act();
    return { result, failed: own.failed, calls: own.count };
  } finally {
    plan = null;
  }
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
      const error = fails('files', name);
      const path = typeof args[0] === 'string' ? { path: args[0] } : {};
      return error === null ? original.apply(self, args) : Promise.reject(Object.assign(error, path));
    });
  hookSockets();
  syncBuiltinESMExports();
}

function hookOpenFiles(prototype: Record<string, Method>): void {
  const { write, close } = prototype;
  for (const name of OF_FILES)
    wrap(prototype, name, async (original, self, args) => {
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
      throw error;
    });
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
