// What devices without the user CA key ask of one that has it: documents of the directory's database, beside the
// statements. Held in memory as they lie there; nothing follows from one until a person allows it.
import { CouchError, type CouchClient } from '../../adapters/couch-client/couch-client.js';
import { signRequest } from '../../adapters/pki/sign-request.js';
import {
  counterFor,
  isOpenRequest,
  parseRequest,
  wishOf,
  type Request,
  type Wish,
} from '../../core/requests.js';
import { formatSigned } from '../../core/signed-text.js';
import { Failure } from '../cli/failure.js';
import type { DirectoryEvent } from './events.js';
import type { Membership } from './membership.js';
import type { OpenRequest, RequestState } from './methods.js';

export interface Requests {
  /** What the document of this id holds now; null where it was deleted. */
  note(id: string, untrusted: unknown): void;
  /** Tells those that are new. */
  announce(): void;
  open(): readonly OpenRequest[];
  /** The one whose id begins so; fails where there is none, or several. */
  find(start: string): OpenRequest;
  stateOf(id: string): RequestState;
  /** Resolves with the id, when it is in the directory's database here. */
  ask(wish: Wish): Promise<string>;
  withdraw(id: string): Promise<void>;
}

export interface RequestsOptions {
  readonly membership: Membership;
  readonly database: string;
  /** Null while nobody may reach it. */
  readonly client: () => CouchClient | null;
  readonly tell: (event: DirectoryEvent) => void;
  readonly now: () => Date;
}

/** Of those that are not settled; what comes beyond is not looked at. */
export const MAX_REQUESTS = 256;

export function createRequests({ membership, database, client, tell, now }: RequestsOptions): Requests {
  const held = new Map<string, Request>();
  const untold = new Set<string>();
  const record = () => membership.directory().local().record;
  const isOpen = (request: Request): boolean =>
    isOpenRequest(record(), membership.identity().userId, request);
  const open = (): OpenRequest[] => [...held.values()].filter(isOpen).map(describe);

  function describe({ id, by, payload }: Request): OpenRequest {
    const name = record().devices.get(by)?.payload.name ?? by;
    const isOwn = by === membership.identity().deviceId;
    return { id, from: by, name, isOwn, time: payload.time, wish: wishOf(payload) };
  }

  function drop(id: string): void {
    held.delete(id);
    untold.delete(id);
  }

  /** False where there is no room. */
  function hold(request: Request): boolean {
    if (held.size >= MAX_REQUESTS) for (const [id, other] of held) if (!isOpen(other)) drop(id);
    if (held.size < MAX_REQUESTS) held.set(request.id, request);
    return held.has(request.id);
  }

  return {
    open,
    note(id, untrusted) {
      drop(id);
      const request = parseRequest(untrusted);
      if (!('problem' in request) && request.id === id && hold(request)) untold.add(id);
    },
    announce() {
      for (const request of open()) {
        if (untold.delete(request.id)) tell({ event: 'request-known', ...request });
      }
    },
    find(start) {
      const [found, ...others] = open().filter(({ id }) => id.startsWith(start.toLowerCase()));
      if (found !== undefined && others.length === 0) return found;
      throw noSuchRequest();
    },
    stateOf(id) {
      const request = held.get(id);
      return request === undefined ? 'gone' : isOpen(request) ? 'open' : 'settled';
    },
    async ask(wish) {
      const { userId, deviceId, keyPem } = membership.identity();
      const counter = counterFor(record(), wish);
      const common = { userId, time: now().toISOString(), from: deviceId, counter };
      const request = signRequest({ ...wish, ...common }, keyPem);
      await reach(client).putDocument(database, { _id: request.id, ...formatSigned(request) });
      hold(request);
      return request.id;
    },
    async withdraw(id) {
      if (!held.has(id)) return;
      const couch = reach(client);
      const document = await couch.document(database, id);
      if (document !== null)
        await couch.putDocument(database, { _id: id, _rev: document['_rev'], _deleted: true });
      drop(id);
    },
  };
}

function reach(client: () => CouchClient | null): CouchClient {
  const couch = client();
  if (couch !== null) return couch;
  throw new CouchError(null, 'nobody may write into the directory here');
}

const noSuchRequest = (): Failure =>
  new Failure('data', 'no-such-request', 'no device asks for that, or several do', {
    hint: 'See `patchcord devices`.',
  });

/** Where no `up` runs, other devices can not be asked. */
export const NO_REQUESTS: Requests = {
  note: () => undefined,
  announce: () => undefined,
  open: () => [],
  find() {
    throw noSuchRequest();
  },
  stateOf: () => 'gone',
  ask: () =>
    Promise.reject(
      new Failure('noPermission', 'no-ca-key', 'the user CA key is not on this device', {
        hint: 'While `patchcord up` runs here, this waits for a device that has it.',
      }),
    ),
  withdraw: () => Promise.resolve(),
};
