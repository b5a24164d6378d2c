// Carries connections from a port of loopback, or a Unix socket, to another: {from, to} as JSON on stdin, with whose end it
// ends. A Unix socket is in the file system, and so leads from one network namespace into another.
import { rmSync } from 'node:fs';
import { connect, createServer, type NetConnectOpts } from 'node:net';
import { createInterface } from 'node:readline';

export interface ForwardOrder {
  readonly from: ForwardEnd;
  readonly to: ForwardEnd;
}

export type ForwardEnd = { readonly port: number } | { readonly path: string };

const endOf = (end: ForwardEnd): NetConnectOpts => ('port' in end ? { host: '127.0.0.1', ...end } : end);

const lines = createInterface({ input: process.stdin });
lines.once('line', (line) => {
  const { from, to } = JSON.parse(line) as ForwardOrder;
  const server = createServer((socket) => {
    const onward = connect(endOf(to));
    socket.on('error', () => undefined).on('close', () => onward.destroy());
    onward.on('error', () => undefined).on('close', () => socket.destroy());
    socket.pipe(onward).pipe(socket);
  });
  // What one that was killed left.
  if ('path' in from) rmSync(from.path, { force: true });
  server.listen(endOf(from), () => process.stdout.write('up\n'));
});
lines.once('close', () => process.exit());
