// The way to a database from the other end of the cable: loopback is another in each network namespace, and a Unix
// socket is not. Its path is the one argument; prints the port on 127.0.0.1, and ends with its stdin.
import { connect, createServer, type AddressInfo } from 'node:net';

const path = process.argv[2] ?? '';
const server = createServer((socket) => {
  const there = connect(path);
  socket.pipe(there).pipe(socket);
  socket.on('error', () => there.destroy());
  there.on('error', () => socket.destroy());
});
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
process.stdin.resume().once('end', () => process.exit());
