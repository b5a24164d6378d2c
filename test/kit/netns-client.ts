// Asks a gateway for `/` from within another network namespace. Reads {address, zone, port, cert, key} as JSON from
// stdin, prints the status of the reply, or "closed". It asks again while its own address is still tentative.
import { text } from 'node:stream/consumers';
import { connect } from 'node:tls';
import { get } from './raw-client.js';

interface Asked {
  readonly address: string;
  readonly zone: string;
  readonly port: number;
  readonly cert: string;
  readonly key: string;
}

const { address, zone, port, cert, key } = JSON.parse(await text(process.stdin)) as Asked;
const PASSING = new Set(['EADDRNOTAVAIL', 'ENETUNREACH', 'EHOSTUNREACH']);

function askOnce(): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({
      host: `${address}%${zone}`,
      port,
      cert,
      key,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.3',
    });
    socket.once('data', (bytes: Buffer) => {
      resolve(bytes.toString('latin1').split(' ')[1] ?? '');
      socket.destroy();
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'closed'));
    socket.once('close', () => resolve('closed'));
    socket.once('secureConnect', () => socket.write(get('/')));
  });
}

let answer = await askOnce();
while (PASSING.has(answer)) {
  await new Promise((resolve) => setTimeout(resolve, 100));
  answer = await askOnce();
}
process.stdout.write(answer);
