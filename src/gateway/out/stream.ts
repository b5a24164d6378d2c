// One request of a local program to a peer, and the reply back. A request that changes nothing is tried again on
// another connection, and a blob that broke off is taken up where it stopped; the program sees neither.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { ConnectionBroken, type PeerConnection } from '../../adapters/peer/connection.js';
import { PeerAway } from '../../adapters/peer/pool.js';
import { streamBody } from '../../adapters/http/body.js';
import { discardBody } from '../../adapters/http/reply.js';
import type { RequestForm } from '../../adapters/http/request-form.js';
import { Refusal } from '../../core/errors.js';
import type { Limits } from '../../core/limits.js';
import { replyHeadersFromPeer, requestHeadersToPeer } from '../../core/peers/stream-headers.js';
import type { StreamTarget } from '../../core/peers/stream-target.js';
import { isRest, readBlobPart, restHeaders, type BlobPart } from './blob-part.js';
import type { Peer } from './peers.js';
import { pump } from './pump.js';

export interface StreamExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly form: RequestForm;
  readonly target: StreamTarget;
  /** Aborted when the program is gone or the reply has ended. */
  readonly ended: AbortSignal;
}

interface Answered {
  readonly connection: PeerConnection;
  readonly reply: IncomingMessage;
}

/** On connections that broke before a byte came. */
const MAX_TRIES = 4;
/** A peer that breaks off again and again, and brings no more than this, is not asked without end. */
const MIN_PROGRESS_BYTES = 64 * 1024;
const MAX_POOR_PARTS = 4;
const MS_PER_SECOND = 1000;

/** Throws the `Refusal`; resolves when the reply has ended. */
export async function streamToPeer(exchange: StreamExchange, peer: Peer, limits: Limits): Promise<void> {
  const { request, target, ended } = exchange;
  const slots = target.isFeed ? peer.feeds : peer.requests;
  const leave = await slots.enter(ended);
  try {
    const answered = await ask(exchange, peer, limits, headersOf(exchange));
    await sendReply(exchange, peer, limits, answered);
    // The peer may answer before it has the whole body.
    if (!request.complete && !ended.aborted) discardBody(request);
  } finally {
    leave();
  }
}

function headersOf({ request, form }: StreamExchange): Record<string, string> {
  const headers = requestHeadersToPeer(request.headers);
  const takesBody = request.method === 'POST' || request.method === 'PUT';
  if (!takesBody) return headers;
  return form.bodyBytes === null
    ? { ...headers, 'transfer-encoding': 'chunked' }
    : { ...headers, 'content-length': String(form.bodyBytes) };
}

/** The head of a reply, from the first connection that brings one. */
async function ask(
  exchange: StreamExchange,
  peer: Peer,
  limits: Limits,
  headers: Readonly<Record<string, string>>,
): Promise<Answered> {
  const { request, form, target, ended } = exchange;
  const maySendAgain = !form.hasBody && (request.method === 'GET' || request.method === 'HEAD');
  for (let tries = 1; ; tries += 1) {
    const connection = await acquire(exchange, peer);
    const body = form.hasBody ? createBody(exchange, limits) : null;
    const asked = {
      method: request.method ?? '',
      path: target.path,
      headers,
      body: body?.stream ?? null,
      firstByteMs: target.isFeed ? null : limits.peerFirstByteMs,
    };
    try {
      return { connection, reply: await connection.send(asked, ended) };
    } catch (error) {
      body?.throwIfRefused();
      if (!maySendAgain || tries >= MAX_TRIES || ended.aborted || isTimeout(error)) throw refusalFor(error);
    }
  }
}

async function acquire({ target, ended }: StreamExchange, peer: Peer): Promise<PeerConnection> {
  try {
    return await peer.pool.acquire(target.blob !== null, ended);
  } catch (error) {
    if (!(error instanceof PeerAway)) throw error;
    const seconds = Math.max(1, Math.ceil(error.retryAfterMs / MS_PER_SECOND));
    throw new Refusal('peer-away', { 'retry-after': String(seconds) });
  }
}

interface StreamedBody {
  readonly stream: Readable;
  /** A body that is larger or slower than it may be is what went wrong, not the peer. */
  throwIfRefused(): void;
}

function createBody({ request, response }: StreamExchange, limits: Limits): StreamedBody {
  const { attachmentBytes: maxBytes, bodyStallMs: stallMs, bodyBytesPerSecond: bytesPerSecond } = limits;
  let refusal: Refusal | null = null;
  const stream = streamBody(request, response, { maxBytes, stallMs, bytesPerSecond });
  stream.once('error', (error) => (refusal = error instanceof Refusal ? error : null));
  return {
    stream,
    throwIfRefused() {
      if (refusal !== null) throw refusal;
    },
  };
}

async function sendReply(
  exchange: StreamExchange,
  peer: Peer,
  limits: Limits,
  answered: Answered,
): Promise<void> {
  const { response, target, ended } = exchange;
  const { reply } = answered;
  response.writeHead(reply.statusCode ?? 502, replyHeadersFromPeer(reply.headers));
  if (target.isFeed) response.flushHeaders();
  const part = target.blob === null ? null : readBlobPart(reply, target.blob);
  const isWhole = await moveAll(exchange, peer, limits, answered, part);
  if (isWhole) response.end();
  // The program has to see that the reply is not whole.
  else if (!ended.aborted) response.destroy();
}

/** Moves the reply, and the rest of a blob from other connections for as long as there are any. */
async function moveAll(
  exchange: StreamExchange,
  peer: Peer,
  limits: Limits,
  first: Answered,
  part: BlobPart | null,
): Promise<boolean> {
  const stallMs = part === null ? null : limits.peerBlobStallMs;
  let poorParts = 0;
  for (let answered: Answered | null = first; answered !== null;) {
    const { address } = answered.connection;
    const { isWhole, bytes, ms } = await pump(answered.reply, exchange.response, {
      stallMs,
      onBytes: (count) => {
        if (part !== null) part.next += count;
      },
    });
    peer.pool.memory.noteTransfer(address, bytes, ms);
    if (isWhole) return true;
    if (part === null || exchange.ended.aborted) return false;
    poorParts = bytes < MIN_PROGRESS_BYTES ? poorParts + 1 : 0;
    if (poorParts >= MAX_POOR_PARTS) return false;
    peer.pool.memory.suspect(address);
    answered = await askForRest(exchange, peer, limits, part);
  }
  return false;
}

async function askForRest(
  exchange: StreamExchange,
  peer: Peer,
  limits: Limits,
  part: BlobPart,
): Promise<Answered | null> {
  const { target } = exchange;
  if (target.blob === null || exchange.request.method !== 'GET') return null;
  try {
    const headers = restHeaders(headersOf(exchange), part, target.blob);
    const answered = await ask(exchange, peer, limits, headers);
    if (isRest(answered.reply, part, target.blob)) return answered;
    answered.reply.destroy();
    return null;
  } catch {
    return null;
  }
}

const isTimeout = (error: unknown): boolean =>
  error instanceof ConnectionBroken && error.code === 'first-byte-timeout';

function refusalFor(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  return new Refusal(isTimeout(error) ? 'peer-timeout' : 'peer-failed');
}
