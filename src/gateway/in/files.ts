// `/files`: blobs by range, their leaf digests, and which of many are here. Permission comes before the disk.
import type { BlobPump } from '../../adapters/files/blob-pump.js';
import type { HotBlobs } from '../../adapters/files/hot-blobs.js';
import type { LeafSource } from '../../adapters/files/leaves.js';
import type { Stores } from '../../adapters/files/stores.js';
import { readHeldBody, type BodyMemory } from '../../adapters/http/body.js';
import { sendBytes, sendJson } from '../../adapters/http/reply.js';
import { planBody } from '../../core/couch/bodies.js';
import { createBodyJudge } from '../../core/couch/documents.js';
import { isObject } from '../../core/env/env.js';
import { Refusal } from '../../core/errors.js';
import { parseBlobId, type BlobId } from '../../core/ids.js';
import type { Limits } from '../../core/limits.js';
import type { Role } from '../../core/policy/policy.js';
import { isStillGranted, type BlobPermission } from './blob-permission.js';
import { leavesHeaders, OK, planBlobReply } from './blob-reply.js';
import type { Exchange } from './exchange.js';
import type { RateMeter } from './rate-meter.js';

export interface FilesOptions {
  readonly stores: () => Stores;
  readonly pump: () => BlobPump;
  readonly hot: () => HotBlobs;
  readonly leaves: () => LeafSource;
  /** A blob was found whose content is not what its id says. */
  readonly onCorrupt: (id: BlobId) => void;
  readonly permission: BlobPermission;
  readonly limits: () => Limits;
  readonly memory: BodyMemory;
  /** Ids asked for by `have`, by device. */
  readonly haveRate: RateMeter;
}

export interface FilesHandlers {
  sendBlob(exchange: Exchange, idText: string): Promise<void>;
  sendLeaves(exchange: Exchange, idText: string): Promise<void>;
  sendHave(exchange: Exchange): Promise<void>;
}

export function createFilesHandlers(options: FilesOptions): FilesHandlers {
  const { stores, pump, hot, leaves, permission } = options;

  /** The id in the path, when this principal may have it: at once, but where the upstream is asked. */
  function permitted(exchange: Exchange, idText: string): BlobId | Promise<BlobId> {
    const id = parseBlobId(idText);
    if (id === null) throw new Refusal('blob-id');
    const { role } = exchange.principal;
    exchange.permittedWhile((principal) => isStillGranted(role.files, principal.role.files));
    return role.files === 'all' ? id : granted(role, id);
  }

  async function granted(role: Role, id: BlobId): Promise<BlobId> {
    if (!(await permission.allowed(role, [id])).has(id)) throw new Refusal('blob-not-granted');
    return id;
  }

  async function sendBlob(exchange: Exchange, idText: string): Promise<void> {
    const found = permitted(exchange, idText);
    const id = typeof found === 'string' ? found : await found;
    const kept = hot().ask(id);
    if (kept !== null) {
      sendHot(exchange, id, kept);
      return;
    }
    const blob = await stores().open(id);
    if (blob === null) throw new Refusal('blob-missing');
    try {
      const read = await hot().read(blob);
      if (read !== null) {
        sendHot(exchange, id, read);
        return;
      }
      const plan = planBlobReply(exchange.request, id, blob.size);
      exchange.response.writeHead(plan.status, plan.headers);
      if (plan.part === null || exchange.request.method === 'HEAD') exchange.response.end();
      else await pump().send(blob, plan.part.start, plan.part.end, exchange.response);
    } finally {
      await blob.close();
    }
  }

  function sendHot(exchange: Exchange, id: BlobId, bytes: Buffer): void {
    const { status, headers, part } = planBlobReply(exchange.request, id, bytes.length);
    const { request, response } = exchange;
    response.writeHead(status, headers);
    if (part === null || request.method === 'HEAD') response.end();
    else sendBytes(response, status === OK ? bytes : bytes.subarray(part.start, part.end + 1));
  }

  async function sendLeaves(exchange: Exchange, idText: string): Promise<void> {
    const id = await permitted(exchange, idText);
    const found = await leaves().leavesOf(id, exchange.ended);
    if (found === 'corrupt') options.onCorrupt(id);
    if (found === null || found === 'corrupt') throw new Refusal('blob-missing');
    exchange.response.writeHead(OK, leavesHeaders(found));
    exchange.response.end(found.digests);
  }

  async function sendHave(exchange: Exchange): Promise<void> {
    const ids = await readIds(exchange, options);
    const { role, deviceId } = exchange.principal;
    if (!options.haveRate.take(deviceId, ids.length)) throw new Refusal('too-many-ids');
    const allowed = await permission.allowed(role, ids);
    const have = await stores().has(ids.filter((id) => allowed.has(id)));
    sendJson(exchange.response, 200, `${JSON.stringify({ have })}\n`);
  }

  return { sendBlob, sendLeaves, sendHave };
}

/** The ids of a `have`; refuses more than may be asked at once, and whatever is not an id. */
async function readIds(
  { request, response, form }: Exchange,
  { limits, memory }: FilesOptions,
): Promise<BlobId[]> {
  const { bodyBytes: maxBytes, bodyStallMs: stallMs, bodyBytesPerSecond: bytesPerSecond, haveIds } = limits();
  planBody('json', request.headers, form.bodyBytes, limits());
  const judge = createBodyJudge('nowhere', () => undefined);
  const bounds = { maxBytes, stallMs, bytesPerSecond };
  const held = await readHeldBody(request, response, bounds, memory, (bytes) => judge.write(bytes));
  try {
    judge.end();
    const body: unknown = JSON.parse(Buffer.concat(held.pieces).toString('utf8'));
    const texts = isObject(body) && Object.keys(body).length === 1 ? body['ids'] : null;
    if (!Array.isArray(texts) || texts.length > haveIds) throw new Refusal('body-shape');
    return texts.map((text: unknown) => {
      const id = typeof text === 'string' ? parseBlobId(text) : null;
      if (id === null) throw new Refusal('blob-id');
      return id;
    });
  } finally {
    held.release();
  }
}
