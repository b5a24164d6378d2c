// One connection to one address, judged before anything else: whoever has another leaf than the one that is meant is
// left within the same turn, before this side's own leaf has been sent.
import { isIPv6 } from 'node:net';
import { connect, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import { readCertificate, type Certificate } from '../../core/leaf/certificate.js';
import type { DenialCode } from '../../core/leaf/judge.js';
import type { DialAddress } from '../../core/peers/dial-address.js';
import { readZones } from './zones.js';

export interface DialOptions {
  readonly address: DialAddress;
  /** The name in the clear: that of the day, never the id. */
  readonly serverName: string;
  readonly context: SecureContext;
  readonly timeoutMs: number;
  /** Judges whoever answered; null lets the connection be. Called within the event, and must not wait. */
  readonly judge: (leaf: Certificate | null) => Denied | null;
}

export interface Denied {
  readonly code: DenialCode;
  readonly deviceId: Certificate['deviceId'] | null;
}

export interface Dialled {
  readonly socket: TLSSocket;
  readonly leaf: Certificate;
  /** Of the link when it was dialled; null for loopback. */
  readonly scopeId: number | null;
  /** Of the TCP handshake. */
  readonly roundTripMs: number;
}

/** `code` is `no-zone`, `timeout`, `wrong-leaf`, or the system's or the TLS stack's. */
export class DialFailed extends Error {
  readonly code: string;
  readonly denied: Denied | null;
  constructor(code: string, denied: Denied | null = null) {
    super(code);
    this.code = code;
    this.denied = denied;
  }
}

/** AES-128 first: it is the cheapest for both ends, and no weaker than the P-256 keys. */
const CIPHERS = 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256';
/** A peer whose cable was cut says nothing: asked for a sign of life after this much silence. */
const KEEP_ALIVE_MS = 5000;

export const createDialContext = ({ certPem, keyPem }: { certPem: string; keyPem: string }): SecureContext =>
  createSecureContext({
    cert: certPem,
    key: keyPem,
    // An empty list: the judgement is not the stack's.
    ca: [],
    minVersion: 'TLSv1.3',
    ciphers: CIPHERS,
  });

/** Resolves with a connection whose leaf was judged; rejects with `DialFailed`. No session is ever resumed. */
export function dial({ address, serverName, context, timeoutMs, judge }: DialOptions): Promise<Dialled> {
  const place = placeOf(address);
  if (place === null) return Promise.reject(new DialFailed('no-zone'));
  const { host, scopeId } = place;
  return new Promise((resolve, reject) => {
    const begun = performance.now();
    let roundTripMs = 0;
    const socket = connect({
      host,
      port: address.port,
      servername: serverName,
      secureContext: context,
      rejectUnauthorized: false,
    });
    const fail = (error: NodeJS.ErrnoException): void => {
      clearTimeout(deadline);
      socket.destroy();
      reject(error instanceof DialFailed ? error : new DialFailed(error.code ?? 'unknown'));
    };
    const onClose = (): void => fail(new DialFailed('closed'));
    const deadline = setTimeout(() => fail(new DialFailed('timeout')), timeoutMs);
    // Stays: what comes after a failure was told already, and who has the connection hears of its close.
    socket.on('error', fail);
    socket.once('close', onClose);
    socket.once('connect', () => (roundTripMs = performance.now() - begun));
    socket.once('secureConnect', () => {
      const leaf = leafOf(socket);
      const denied = judge(leaf);
      if (denied !== null || leaf === null) {
        fail(new DialFailed('wrong-leaf', denied));
        return;
      }
      clearTimeout(deadline);
      socket.off('close', onClose);
      socket.setNoDelay(true);
      socket.setKeepAlive(true, KEEP_ALIVE_MS);
      resolve({ socket, leaf, scopeId, roundTripMs });
    });
  });
}

/** The host to connect to, of which nothing is left to be resolved; null where its link is not there. */
function placeOf({ address, zone }: DialAddress): { host: string; scopeId: number | null } | null {
  if (!isIPv6(address)) return null;
  if (zone === null) return address === '::1' ? { host: address, scopeId: null } : null;
  const scopeId = readZones().get(zone);
  return scopeId === undefined ? null : { host: `${address}%${zone}`, scopeId };
}

function leafOf(socket: TLSSocket): Certificate | null {
  const leaf = socket.getPeerX509Certificate();
  return leaf === undefined ? null : readCertificate(leaf.raw);
}
