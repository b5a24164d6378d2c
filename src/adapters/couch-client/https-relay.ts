// The way to a CouchDB behind https. nano's fetch takes neither a CA of one's own nor the name in a certificate for an
// address, so it asks a relay within this process, on 127.0.0.1, which has both. The relay reads nothing and adds no
// credential: whoever else finds it has to sign in to CouchDB.
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { pipeline } from 'node:stream';
import { connect } from 'node:tls';

export interface TlsTrust {
  /** The name that the certificate is for. */
  readonly serverName?: string;
  /** The one CA that signed it, as PEM. Without it nobody is trusted. */
  readonly ca?: string;
}

const trusts = new Map<string, TlsTrust>();
const relays = new Map<string, Promise<string>>();

/** Has this process know whom to trust at an https URL; nothing is opened before somebody asks there. */
export function trustCouch(url: string, trust: TlsTrust): void {
  trusts.set(url, trust);
  relays.delete(url);
}

/** The URL at which this process reaches the CouchDB: the same for http, a relay's for https. */
export function reachCouch(url: string): Promise<string> {
  if (!url.startsWith('https:')) return Promise.resolve(url);
  const relay = relays.get(url) ?? startRelay(url, trusts.get(url) ?? {});
  relays.set(url, relay);
  return relay;
}

const HTTPS_PORT = 443;

function startRelay(url: string, { serverName = '', ca }: TlsTrust): Promise<string> {
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const onConnection = (near: Socket): void => {
    const far = connect({ host, port: Number(port || HTTPS_PORT), servername: serverName, ca: ca ?? [] });
    // `pipeline` lets go of both when the first fails, and the other may fail after it.
    for (const socket of [near, far]) socket.on('error', () => undefined);
    // Who asked sees that the connection ended: there is no more to tell in HTTP that was not begun.
    pipeline(near, far, near, () => undefined);
  };
  return new Promise((resolve, reject) => {
    const server = createServer(onConnection).once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    });
    server.unref();
  });
}
