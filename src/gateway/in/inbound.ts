// What comes in, composed: the doors on each address, the connections behind them, and the application that answers.
import { randomUUID } from 'node:crypto';
import type { Server } from 'node:https';
import type { Duplex } from 'node:stream';
import { createBlobPump } from '../../adapters/files/blob-pump.js';
import { createHotBlobs } from '../../adapters/files/hot-blobs.js';
import { createLeaves, type LeafSource } from '../../adapters/files/leaves.js';
import { createStores, type Stores } from '../../adapters/files/stores.js';
import { createBodyMemory } from '../../adapters/http/body.js';
import { endMalformed } from '../../adapters/http/malformed.js';
import type { Log } from '../../adapters/control/log.js';
import { createStrangers } from '../../adapters/tls/strangers.js';
import { createTlsServer, replaceLimits, replaceMaterial } from '../../adapters/tls/tls-server.js';
import type { DeniedEvent, GatewayEvent, WarningCode } from '../../core/control/protocol.js';
import type { Env, Service } from '../../core/env/env.js';
import { createApp } from './app.js';
import { createBlobPermission } from './blob-permission.js';
import { createConnections, isSilent, nameOf, type Connections } from './connections.js';
import { createCouchHandler } from './couch.js';
import type { CouchGate } from './couch-gate.js';
import { createTraffic } from './exchange.js';
import { createFilesHandlers } from './files.js';
import { createListeners, type Listeners } from './listeners.js';
import { createLocalDocuments } from './local-documents.js';
import { createRateMeter } from './rate-meter.js';

export interface InboundOptions {
  /** The env as it is now; a reload replaces it. */
  readonly env: () => Env;
  readonly service: () => Service;
  readonly gate: () => CouchGate;
  readonly version: string;
  readonly now: () => Date;
  readonly emit: (event: GatewayEvent) => void;
  readonly deny: (event: Omit<DeniedEvent, 'event'>) => void;
  readonly warn: (code: WarningCode, message: string, about?: string) => void;
  readonly log: Log;
}

export interface Inbound {
  readonly listeners: Listeners<Server>;
  readonly connections: Connections;
  /** Takes up what a reload changed: stores, certificate, and who may stay. */
  onReload(before: Service): Promise<void>;
  stores(): Stores;
  /** Takes no more connections, ends the ones that are there in good order, then the rest. */
  stop(): Promise<void>;
}

const WARNING_PACE_MS = 60_000;

/** `warn`, but for what comes within a minute of the last time. */
function paced(warn: () => void): () => void {
  let lastMs = -Infinity;
  return () => {
    if (performance.now() - lastMs < WARNING_PACE_MS) return;
    lastMs = performance.now();
    warn();
  };
}

export function createInbound(options: InboundOptions): Inbound {
  const { env, service, now, emit, deny, warn } = options;
  const limits = () => env().limits;
  let stores = createStores(service().stores);
  let leaves: LeafSource = createLeaves({ stores });
  const steadyMs = (): number => performance.now();
  let hot = createHotBlobs(steadyMs);
  let pump = createBlobPump({ stallMs: limits().replyStallMs });
  const permission = createBlobPermission(options.gate);
  const memory = createBodyMemory(() => limits().bodyMemoryBytes);

  const strangers = createStrangers(limits, (rule, address) => deny({ rule, principal: null, address }));
  const connections = createConnections({
    service,
    limits,
    now,
    onDenied: deny,
    onConnected: ({ principal, address }) =>
      emit({ event: 'connected', principal: nameOf(principal), address }),
    onDisconnected: ({ principal, address }) =>
      emit({ event: 'disconnected', principal: nameOf(principal), address }),
  });

  const onRequest = createApp({
    connections,
    traffic: createTraffic(limits),
    service,
    limits,
    couch: createCouchHandler({
      gate: options.gate,
      limits,
      memory,
      localDocuments: createLocalDocuments(service, () => limits().localDocumentsPerPrincipal),
    }),
    files: createFilesHandlers({
      stores: () => stores,
      leaves: () => leaves,
      pump: () => pump,
      hot: () => hot,
      permission,
      limits,
      memory,
      haveRate: createRateMeter(() => limits().haveIdsPerMinute, steadyMs),
      onCorrupt: (id) =>
        warn('blob-corrupt', 'a blob has other content than its id says; verify the store', id),
    }),
    version: options.version,
    now,
    newRequestId: randomUUID,
    onRefused: (rule, { principal, address }, requestId) =>
      deny({ rule, principal: nameOf(principal), address, requestId }),
    onShortage: paced(() => warn('out-of-files', 'no more files can be opened: blobs cannot be looked for')),
    onFailure: (error, requestId) =>
      options.log('error', 'a request failed', {
        requestId,
        code: error instanceof Error ? error.name : 'unknown',
      }),
  });

  function onMalformed(error: NodeJS.ErrnoException, socket: Duplex): void {
    const connection = connections.of(socket);
    // An answer that ends the connection is on its way, and a second one would come after it.
    if (connection?.isEnding === true) return;
    // Node allows the first request no more time than a header has; the connection is merely idle.
    if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && connection !== null && isSilent(connection.socket))
      return;
    endMalformed(error.code, socket, connection !== null && connection.inFlight.length === 0);
    if (connection === null) return;
    connection.isEnding = true;
    deny({ rule: 'malformed-http', principal: nameOf(connection.principal), address: connection.address });
  }

  const listeners = createListeners({
    createServer: () =>
      createTlsServer({
        material: service().identity,
        limits: limits(),
        strangers,
        admit: (socket) => connections.admit(socket),
        onRequest,
        onMalformed,
        onHandshakeFailed: (code, address) =>
          deny({ rule: 'tls', principal: null, reason: code, ...(address !== undefined && { address }) }),
      }),
    onListening: (listener) => emit({ event: 'listening', ...listener }),
    onUnlistening: (listener) => emit({ event: 'unlistening', ...listener }),
    onFailure: ({ address, zone }, code) =>
      warn('listen', `${code}; trying again`, zone === null ? address : zone),
  });

  return {
    listeners,
    connections,
    async onReload(before) {
      const { identity, stores: folders } = service();
      permission.clear();
      pump = createBlobPump({ stallMs: limits().replyStallMs });
      connections.rejudge();
      for (const server of listeners.servers()) {
        replaceLimits(server, limits());
        if (identity.certPem !== before.identity.certPem) replaceMaterial(server, identity);
      }
      if (JSON.stringify(folders) === JSON.stringify(before.stores)) return;
      const old = leaves;
      stores = createStores(folders);
      hot = createHotBlobs(steadyMs);
      leaves = createLeaves({ stores });
      await old.close();
    },
    stores: () => stores,
    async stop() {
      listeners.close();
      strangers.close();
      await connections.drain(limits().drainMs);
      connections.close();
      await leaves.close();
    },
  };
}
