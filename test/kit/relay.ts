// A relay in front of an upstream, whose connections can be held up, cut, or refused.
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface Relay {
  readonly port: number;
  /** Whether connections made from here on are passed on; else they are taken and nothing comes. */
  passes: boolean;
  /** Connections that are open. */
  readonly sockets: ReadonlySet<Socket>;
  /** Refuses connections; those that are open stay. */
  refuse(): Promise<void>;
  /** Takes them again, on the same port. */
  accept(): Promise<void>;
  close(): Promise<void>;
}

/** Starts one to `port` on this host, or one that refuses connections to begin with. */
export async function startRelay(port: number): Promise<Relay> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    if (!relay.passes) return;
    const onward = connect({ host: '127.0.0.1', port });
    onward.on('error', () => undefined).on('close', () => socket.destroy());
    socket.on('close', () => onward.destroy());
    socket.pipe(onward).pipe(socket);
  });
  const listen = (on: number): Promise<void> =>
    new Promise((resolve) => server.listen(on, '127.0.0.1', () => resolve()));
  await listen(0);
  const relay: Relay = {
    port: (server.address() as AddressInfo).port,
    passes: true,
    sockets,
    // Its callback waits for the connections that are open: that it does not listen is so at once.
    refuse: () => Promise.resolve(void server.close()),
    accept: () => listen(relay.port),
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        if (server.listening) server.close(() => resolve());
        else resolve();
      }),
  };
  return relay;
}
