// A plain copy by TCP from the other end of a cable: what the link itself can do.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';

const MB = 1_000_000;
/** Sends so many bytes, in pieces that cost little. */
const SENDER = `
  const [host, port, bytes] = process.argv.slice(1);
  const socket = require('node:net').connect({ host, port: Number(port) });
  const piece = Buffer.alloc(1048576);
  let left = Number(bytes);
  const send = () => {
    while (left > 0) {
      const next = piece.subarray(0, Math.min(left, piece.length));
      left -= next.length;
      if (!socket.write(next)) return socket.once('drain', send);
    }
    socket.end();
  };
  socket.once('connect', send);
`;

/** MB/s */
export async function copyByTcp({ here, there, enter }, bytes) {
  const server = createServer().listen(0, '::');
  await once(server, 'listening');
  const { address } = networkInterfaces()[here].find(({ scopeid }) => scopeid !== 0);
  const args = [`${address}%${there}`, String(server.address().port), String(bytes)];
  const sender = spawn(enter[0], [enter[1], process.execPath, '-e', SENDER, ...args], { stdio: 'inherit' });
  const [socket] = await once(server, 'connection');
  const begun = performance.now();
  let received = 0;
  for await (const piece of socket) received += piece.length;
  const seconds = (performance.now() - begun) / 1000;
  server.close();
  await once(sender, 'exit');
  if (received !== bytes) throw new Error(`${received} of ${bytes} bytes came`);
  return bytes / MB / seconds;
}
