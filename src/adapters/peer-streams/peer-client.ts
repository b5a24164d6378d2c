// Asks peers through the gateway's peer streams, for the agent: what they offer, which blobs they have, and the bytes of
// these. Everything that comes back is a stranger's: bounded, and its shape checked; what it proves, the caller checks.
import { Agent, request as send, type IncomingMessage } from 'node:http';
import { parseBlobId, type BlobId, type DeviceId } from '../../core/ids.js';
import { STREAM_USER } from '../../core/peers/stream-target.js';
import { MAX_OFFERS } from '../../core/replication/jobs.js';

/** The peer, or the gateway in its place, did not give what was asked for. */
export class PeerFailed extends Error {
  /** Of the reply; null when the connection broke, or nothing came for too long. */
  readonly status: number | null;
  constructor(status: number | null, reason: string) {
    super(reason);
    this.status = status;
  }
}

export interface ClaimedLeaves {
  readonly size: number;
  readonly digests: Uint8Array;
}

export interface PeerClient {
  /** The names of databases that the peer gives this device to read. */
  databases(device: DeviceId, signal: AbortSignal): Promise<string[]>;
  /** Whether the peer has this database: what it lists may be names that nobody looked up. Rejects where it does not say. */
  hasDatabase(device: DeviceId, database: string, signal: AbortSignal): Promise<boolean>;
  /** How many changes of a database come after `since`; null where it does not say, but that there are some. */
  pending(asked: PendingAsked, signal: AbortSignal): Promise<number | null>;
  /** Those of at most 1,000 `ids` that it has, and gives. */
  have(device: DeviceId, ids: readonly BlobId[], signal: AbortSignal): Promise<BlobId[]>;
  /** What it says the leaves of a blob are. */
  leaves(device: DeviceId, id: BlobId, signal: AbortSignal): Promise<ClaimedLeaves>;
  /** Fills `into` with the bytes of a blob from `start` on; `onBytes` is told of each part as it comes. */
  readPart(part: BlobPart, signal: AbortSignal): Promise<void>;
  close(): void;
}

export interface PendingAsked {
  readonly device: DeviceId;
  readonly database: string;
  readonly since: string;
  /** As in the replication; null for all documents. */
  readonly selector: object | null;
}

export interface BlobPart {
  readonly device: DeviceId;
  readonly id: BlobId;
  readonly start: number;
  readonly into: Uint8Array;
  readonly onBytes: (count: number) => void;
}

export interface PeerClientOptions {
  /** Of the peer streams, on 127.0.0.1. */
  readonly port: number;
  readonly token: string;
}

const SERVER_ERROR = 500;
const JSON_BYTES = 1024 * 1024;
/** Leaf digests of a blob of 17 TiB, as many as a gateway gives out. */
const DIGEST_BYTES = 67_108_864;
/** Nothing came for so long; the gateway itself looks for another way before. */
const STALL_MS = 60_000;

export function createPeerClient({ port, token }: PeerClientOptions): PeerClient {
  const agent = new Agent({ keepAlive: true });
  const authorization = `Basic ${Buffer.from(`${STREAM_USER}:${token}`).toString('base64')}`;

  interface Asked {
    readonly device: DeviceId;
    readonly path: string;
    readonly signal: AbortSignal;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
  }

  function ask({ device, path, signal, headers = {}, body }: Asked): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const request = send({
        host: '127.0.0.1',
        port,
        agent,
        signal,
        method: body === undefined ? 'GET' : 'POST',
        path: `/peers/${device}/${path}`,
        headers: { ...headers, authorization, ...(body !== undefined && jsonHeaders(body)) },
      });
      request.setTimeout(STALL_MS, () => request.destroy(new PeerFailed(null, 'nothing came for a minute')));
      request.once('error', (error) => reject(failureOf(error)));
      request.once('response', resolve);
      request.end(body);
    });
  }

  async function askJson(asked: Asked): Promise<unknown> {
    const reply = await expectStatus(await ask(asked), 200);
    try {
      return JSON.parse((await readAll(reply, JSON_BYTES)).toString('utf8')) as unknown;
    } catch (error) {
      throw error instanceof PeerFailed ? error : new PeerFailed(200, 'what it said is no JSON');
    }
  }

  return {
    async databases(device, signal) {
      const names = await askJson({ device, path: 'couch/_all_dbs', signal });
      return texts(names).slice(0, MAX_OFFERS);
    },
    async hasDatabase(device, database, signal) {
      const reply = await ask({ device, path: `couch/${encodeURIComponent(database)}`, signal });
      await readAll(reply, JSON_BYTES);
      const { statusCode = SERVER_ERROR } = reply;
      if (statusCode >= SERVER_ERROR) throw new PeerFailed(statusCode, `it answered ${statusCode}`);
      return statusCode === 200;
    },
    async pending({ device, database, since, selector }, signal) {
      const filter = selector === null ? '' : '&filter=_selector';
      const query = `limit=1&since=${encodeURIComponent(since)}${filter}`;
      const path = `couch/${encodeURIComponent(database)}/_changes?${query}`;
      const body = selector === null ? {} : { body: JSON.stringify({ selector }) };
      return parsePending(await askJson({ device, path, signal, ...body }));
    },
    async have(device, ids, signal) {
      const body = JSON.stringify({ ids });
      const answer = await askJson({ device, path: 'files/have', signal, body });
      const asked = new Set(ids);
      const named = texts((answer as { have?: unknown } | null)?.have).map(parseBlobId);
      return named.filter((id) => id !== null && asked.has(id)) as BlobId[];
    },
    async leaves(device, id, signal) {
      const reply = await expectStatus(await ask({ device, path: `files/${id}/leaves`, signal }), 200);
      const size = Number(reply.headers['patchcord-size']);
      return { size, digests: await readAll(reply, DIGEST_BYTES) };
    },
    async readPart({ device, id, start, into, onBytes }, signal) {
      const headers = { range: `bytes=${start}-${start + into.length - 1}` };
      const reply = await expectStatus(await ask({ device, path: `files/${id}`, signal, headers }), 206);
      await fill(reply, into, onBytes);
    },
    close: () => agent.destroy(),
  };
}

const jsonHeaders = (body: string) => ({
  'content-type': 'application/json',
  'content-length': String(Buffer.byteLength(body)),
});

const failureOf = (error: Error): PeerFailed =>
  error instanceof PeerFailed ? error : new PeerFailed(null, error.message);

async function expectStatus(reply: IncomingMessage, status: number): Promise<IncomingMessage> {
  if (reply.statusCode === status) return reply;
  await readAll(reply, JSON_BYTES).catch(() => undefined);
  throw new PeerFailed(reply.statusCode ?? null, `it answered ${reply.statusCode ?? 0}`);
}

async function readAll(reply: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  try {
    for await (const piece of reply as AsyncIterable<Buffer>) {
      length += piece.length;
      if (length > maxBytes) throw new PeerFailed(reply.statusCode ?? null, 'it said too much');
      pieces.push(piece);
    }
  } catch (error) {
    throw failureOf(error as Error);
  }
  return Buffer.concat(pieces);
}

function fill(reply: IncomingMessage, into: Uint8Array, onBytes: (count: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let length = 0;
    reply.on('data', (piece: Buffer) => {
      if (length + piece.length > into.length) {
        reply.destroy(new PeerFailed(206, 'it sent too much'));
        return;
      }
      into.set(piece, length);
      length += piece.length;
      onBytes(piece.length);
    });
    reply.once('error', (error) => reject(failureOf(error)));
    reply.once('close', () => reject(new PeerFailed(null, 'it broke off')));
    reply.once('end', () => {
      if (length < into.length) reject(new PeerFailed(null, 'it sent too little'));
      else resolve();
    });
  });
}

function parsePending(untrusted: unknown): number | null {
  const { results, pending } = (untrusted ?? {}) as { results?: unknown; pending?: unknown };
  if (!Array.isArray(results)) throw new PeerFailed(200, 'what it said has another shape');
  if (results.length === 0) return 0;
  return typeof pending === 'number' ? results.length + pending : null;
}

function texts(untrusted: unknown): string[] {
  if (!Array.isArray(untrusted)) throw new PeerFailed(200, 'what it said has another shape');
  return untrusted.filter((item) => typeof item === 'string');
}
