// Who is connected: every admitted connection with its principal, the requests in flight on it, and what ends it.
// The leaf is judged here, when a connection begins and again after every reload.
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { ConnectionRule, DeniedEvent, PrincipalName } from '../../core/control/protocol.js';
import type { Service } from '../../core/env/env.js';
import type { Certificate } from '../../core/leaf/certificate.js';
import { DENIALS, judgeLeaf, type DenialCode, type Principal, type Verdict } from '../../core/leaf/judge.js';
import type { Limits } from '../../core/limits.js';
import { createLeafReader } from '../leaf-reader.js';

/** A request under way, as the connection knows it. */
export interface InFlight {
  /** Whether the principal, as it is after a reload, may still have this. */
  readonly stillPermitted: (principal: Principal) => boolean;
  /** Gives up what it holds; safe to call more than once. */
  end(): void;
}

export interface Connection {
  readonly socket: TLSSocket;
  readonly address: string;
  /** When it was let in, by a steady clock. */
  readonly sinceMs: number;
  principal: Principal;
  /** Set once an answer was given after which nothing more on this connection can be trusted. */
  isEnding: boolean;
  /** A few at most; not a set, which V8 makes smaller by a slow call whenever the last one goes. */
  readonly inFlight: InFlight[];
}

export interface ConnectionsOptions {
  readonly service: () => Service;
  readonly limits: () => Limits;
  readonly now: () => Date;
  readonly onConnected: (connection: Connection) => void;
  readonly onDisconnected: (connection: Connection) => void;
  readonly onDenied: (event: Omit<DeniedEvent, 'event'>) => void;
}

export interface Connections {
  /** Judges the leaf of a new connection; false when it must end. */
  admit(socket: TLSSocket): boolean;
  /** The connection of a request's socket; it was admitted, or there would be no request. */
  of(socket: Duplex): Connection | null;
  /** Judges every connection anew, and cuts what is no longer permitted. */
  rejudge(): void;
  list(): Iterable<Connection>;
  /** Ends idle connections now and the others when their requests are done; after `drainMs` all of them. */
  drain(drainMs: number): Promise<void>;
  close(): void;
}

const SWEEP_MS = 1000;
const DRAIN_LOOK_MS = 50;

export const nameOf = ({ deviceId, role, by }: Principal): PrincipalName => ({
  deviceId,
  role: role.name,
  ...by,
});

export function createConnections(options: ConnectionsOptions): Connections {
  const { service, limits, now } = options;
  const leafOf = createLeafReader();
  const open = new Map<Duplex, Connection>();
  const progress = new WeakMap<Connection, { readonly mark: string; readonly since: number }>();
  let onEmpty: (() => void) | null = null;

  const judge = (leaf: Certificate | null): Verdict =>
    judgeLeaf(leaf, service().trust, service().policy, now());

  function countOf({ deviceId }: Principal): number {
    let count = 0;
    for (const { principal } of open.values()) if (principal.deviceId === deviceId) count += 1;
    return count;
  }

  function ruleOver(principal: Principal): ConnectionRule | null {
    if (open.size >= limits().connections) return 'connections';
    return countOf(principal) >= limits().connectionsPerPrincipal ? 'connections-per-principal' : null;
  }

  function denied(rule: DenialCode, deviceId: Principal['deviceId'] | null, address: string): void {
    options.onDenied({
      rule,
      principal: null,
      reason: DENIALS[rule],
      address,
      ...(deviceId && { deviceId }),
    });
  }

  function admit(socket: TLSSocket): boolean {
    const address = socket.remoteAddress ?? '';
    const verdict = judge(leafOf(socket));
    if ('denied' in verdict) {
      denied(verdict.denied, verdict.deviceId, address);
      return false;
    }
    const principal = verdict.admitted;
    const rule = ruleOver(principal);
    if (rule !== null) {
      options.onDenied({ rule, principal: nameOf(principal), address });
      return false;
    }
    const connection: Connection = {
      socket,
      address,
      sinceMs: performance.now(),
      principal,
      isEnding: false,
      inFlight: [],
    };
    open.set(socket, connection);
    socket.once('close', () => forget(connection));
    options.onConnected(connection);
    return true;
  }

  function forget(connection: Connection): void {
    open.delete(connection.socket);
    // Node tells no response of it that still waited for the one before it.
    for (const exchange of [...connection.inFlight]) exchange.end();
    options.onDisconnected(connection);
    if (open.size === 0) onEmpty?.();
  }

  function rejudgeOne(connection: Connection): void {
    const verdict = judge(leafOf(connection.socket));
    if ('denied' in verdict) {
      denied(verdict.denied, verdict.deviceId, connection.address);
      connection.socket.destroy();
      return;
    }
    connection.principal = verdict.admitted;
    const permitted = connection.inFlight.every(({ stillPermitted }) => stillPermitted(verdict.admitted));
    if (!permitted) connection.socket.destroy();
  }

  /** A leaf that ended, a peer that never asked, and a reply of which it takes nothing: they end the connection. */
  function sweep(): void {
    const time = now();
    // A steady clock: the wall clock may be set while a reply is under way.
    const steadyMs = performance.now();
    for (const connection of open.values()) {
      if (connection.principal.notAfter <= time) rejudgeOne(connection);
      const isIdle = isSilent(connection.socket) && steadyMs - connection.sinceMs >= limits().idleMs;
      if (isIdle || isStalled(connection, steadyMs)) connection.socket.destroy();
    }
  }

  function isStalled(connection: Connection, time: number): boolean {
    const { bytesWritten, writableLength } = connection.socket;
    const mark = `${bytesWritten} ${writableLength}`;
    const before = progress.get(connection);
    if (writableLength > 0 && before?.mark === mark) return time - before.since >= limits().replyStallMs;
    progress.set(connection, { mark, since: time });
    return false;
  }

  /** Ends those with nothing in flight, once what was written to them is out. */
  function endIdle(): void {
    for (const { socket, inFlight } of open.values()) if (inFlight.length === 0) socket.destroySoon();
  }

  const timer = setInterval(sweep, SWEEP_MS);
  timer.unref();

  return {
    admit,
    of: (socket) => open.get(socket) ?? null,
    rejudge: () => [...open.values()].forEach(rejudgeOne),
    list: () => open.values(),
    drain: (drainMs) =>
      new Promise((resolve) => {
        const looks = setInterval(endIdle, DRAIN_LOOK_MS);
        const deadline = setTimeout(() => [...open.keys()].forEach((socket) => socket.destroy()), drainMs);
        onEmpty = () => {
          clearInterval(looks);
          clearTimeout(deadline);
          resolve();
        };
        endIdle();
        if (open.size === 0) onEmpty();
      }),
    close: () => clearInterval(timer),
  };
}

/** Whether not one byte of HTTP has come: it is idle, and no header of its is late. */
export const isSilent = ({ bytesRead }: TLSSocket): boolean => bytesRead === 0;
