// Servers that strangers connect to: one for each address that `listen` asks for, as links come and go. Never on "::" or IPv4.
import type { AddressInfo, Server } from 'node:net';
import { watchAddresses, type AddressWatch } from '../../adapters/net/address-watch.js';
import type { LinkAddress } from '../../adapters/net/addresses.js';
import type { Listener } from '../../core/control/protocol.js';
import type { Listen } from '../../core/env/env.js';

export interface ListenersOptions<Kind extends Server> {
  readonly createServer: () => Kind;
  readonly onListening: (listener: Listener) => void;
  readonly onUnlistening: (listener: Listener) => void;
  /** A failure to listen that will be tried again. */
  readonly onFailure: (listener: Listener, code: string) => void;
}

export interface Listeners<Kind extends Server> {
  /** Follows `listen` from now on, after a first try of each address; rejects with `ListenFailed`, and all is as before. */
  follow(listen: Listen | null): Promise<void>;
  list(): readonly Listener[];
  /** Those that listen, and those that still try to. */
  servers(): readonly Kind[];
  close(): void;
}

/** A named port is taken, or not permitted: only a person can help. */
export class ListenFailed extends Error {
  readonly code: string;
  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

interface Entry<Kind extends Server> {
  readonly server: Kind;
  listener: Listener;
  isListening: boolean;
}

/** The address is tentative, or the link went again just now: trying again helps. */
const PASSING = new Set(['EADDRNOTAVAIL', 'ENETUNREACH', 'ENODEV', 'EINVAL']);
const RETRY_MS = 500;

export function createListeners<Kind extends Server>(options: ListenersOptions<Kind>): Listeners<Kind> {
  const entries = new Map<string, Entry<Kind>>();
  let watch: AddressWatch | null = null;
  let followed: Listen | null = null;

  /** The port that the others have, where they have one: with port 0 all listeners try to have the same. */
  const portToTry = ({ port }: Listen): number => {
    const [any] = listening();
    return port === 0 ? (any?.port ?? 0) : port;
  };

  const listening = (): Listener[] =>
    [...entries.values()].filter(({ isListening }) => isListening).map(({ listener }) => listener);

  async function open(key: string, { address, zone }: LinkAddress, listen: Listen): Promise<void> {
    const listener = { address, zone, port: portToTry(listen) };
    entries.set(key, { server: options.createServer(), listener, isListening: false });
    await begin(key, listen);
  }

  async function begin(key: string, listen: Listen): Promise<void> {
    const entry = entries.get(key);
    if (entry === undefined) return;
    let code = await tryListen(entry.server, entry.listener);
    if (code === 'EADDRINUSE' && listen.port === 0 && entry.listener.port !== 0) {
      entry.listener = { ...entry.listener, port: 0 };
      code = await tryListen(entry.server, entry.listener);
    }
    // Its address went while it began.
    if (entries.get(key) !== entry) {
      entry.server.close();
      return;
    }
    if (code === null) {
      onListening(entry);
      return;
    }
    options.onFailure(entry.listener, code);
    setTimeout(() => void begin(key, listen).catch(() => undefined), RETRY_MS).unref();
    if (!PASSING.has(code)) throw new ListenFailed(code);
  }

  function onListening(entry: Entry<Kind>): void {
    const { port } = entry.server.address() as AddressInfo;
    entry.listener = { ...entry.listener, port };
    entry.isListening = true;
    options.onListening(entry.listener);
  }

  /** Requests that came in by it are still answered. */
  function close(key: string): void {
    const entry = entries.get(key);
    entries.delete(key);
    if (entry?.isListening !== true) return;
    entry.server.close();
    options.onUnlistening(entry.listener);
  }

  /** One server for each address; those that are not asked for any more are closed once the new ones listen. */
  async function onAddresses(
    addresses: readonly LinkAddress[],
    listen: Listen,
    isFirst: boolean,
  ): Promise<void> {
    const keyOf = ({ address, zone, ifindex }: LinkAddress): string =>
      JSON.stringify([address, zone, ifindex, listen.port]);
    const wanted = new Map(addresses.map((link) => [keyOf(link), link]));
    const gone = [...entries.keys()].filter((key) => !wanted.has(key));
    const fresh = [...wanted].filter(([key]) => !entries.has(key));
    const opened = fresh.map(([key, link]) => open(key, link, listen));
    await (isFirst ? Promise.all(opened) : Promise.allSettled(opened));
    gone.forEach(close);
  }

  function start(listen: Listen | null): Promise<void> {
    watch?.close();
    followed = listen;
    watch = null;
    if (listen === null) {
      [...entries.keys()].forEach(close);
      return Promise.resolve();
    }
    let isFirst = true;
    let first = Promise.resolve();
    watch = watchAddresses(listen.on, (addresses) => {
      const opened = onAddresses(addresses, listen, isFirst);
      if (isFirst) first = opened;
      isFirst = false;
    });
    return first;
  }

  return {
    async follow(listen) {
      const before = followed;
      try {
        await start(listen);
      } catch (error) {
        await start(before).catch(() => undefined);
        throw error;
      }
    },
    list: listening,
    servers: () => [...entries.values()].map(({ server }) => server),
    close: () => {
      watch?.close();
      followed = null;
      [...entries.keys()].forEach(close);
    },
  };
}

/** Null once it listens, else the error's code. */
function tryListen(server: Server, { address, zone, port }: Listener): Promise<string | null> {
  return new Promise((resolve) => {
    const settle = (code: string | null): void => {
      server.off('error', onError).off('listening', onListening);
      resolve(code);
    };
    const onError = (error: NodeJS.ErrnoException): void => settle(error.code ?? 'unknown');
    const onListening = (): void => settle(null);
    server.on('error', onError).on('listening', onListening);
    server.listen({ host: zone === null ? address : `${address}%${zone}`, port, ipv6Only: true });
  });
}
