// What a response on the link claims about instances of the service. Parsed here and nowhere else; everything about
// other services is ignored.
import { MAX_RECORDS } from './answer.js';
import type { InstanceName } from './instance-name.js';
import { instanceIn, isSameName, SERVICE, VERSION_TXT, type RawPacket, type RawRecord } from './records.js';

/** What one packet says of one instance; null where it says nothing. Nothing of it is believed yet. */
export interface Claim {
  readonly instance: InstanceName;
  /** From SRV. */
  readonly port: number | null;
  /** From TXT: whether it speaks the version that is spoken here. */
  readonly isOurVersion: boolean | null;
  /** The shortest of SRV and TXT, in ms, at most `MAX_TTL_MS`. */
  readonly ttlMs: number;
  /** PTR or SRV came with a TTL of 0: it says that it goes. */
  readonly isGoodbye: boolean;
}

/** Longer claims are cut to this: whoever is still there says so again. */
export const MAX_TTL_MS = 120_000;
const SECOND_MS = 1000;
const MAX_PORT = 65_535;

type Draft = { -readonly [Key in keyof Claim]: Claim[Key] };

/** The claims of a response, one for each instance that is named in it. */
export function parseClaims(packet: RawPacket): Claim[] {
  const drafts = new Map<InstanceName, Draft>();
  const records = [...(packet.answers ?? []), ...(packet.additionals ?? [])].slice(0, MAX_RECORDS);
  for (const record of records) {
    const instance = instanceOf(record);
    if (instance === null) continue;
    const draft = drafts.get(instance) ?? {
      instance,
      port: null,
      isOurVersion: null,
      ttlMs: MAX_TTL_MS,
      isGoodbye: false,
    };
    drafts.set(instance, draft);
    addRecord(draft, record);
  }
  return [...drafts.values()];
}

function instanceOf({ name, type, data }: RawRecord): InstanceName | null {
  if (type === 'SRV' || type === 'TXT') return instanceIn(name);
  return type === 'PTR' && isSameName(name, SERVICE) && typeof data === 'string' ? instanceIn(data) : null;
}

function addRecord(draft: Draft, { type, data, ttl = 0 }: RawRecord): void {
  if (ttl === 0) {
    if (type !== 'TXT') draft.isGoodbye = true;
    return;
  }
  if (type === 'PTR') return;
  if (type === 'SRV') draft.port = portOf(data);
  else draft.isOurVersion = textsOf(data).includes(VERSION_TXT);
  draft.ttlMs = Math.min(draft.ttlMs, ttl * SECOND_MS);
}

export function portOf(data: unknown): number | null {
  const port = (data as { port?: unknown } | null | undefined)?.port;
  return typeof port === 'number' && port > 0 && port <= MAX_PORT ? port : null;
}

export const textsOf = (data: unknown): string[] =>
  (Array.isArray(data) ? data : [data]).map((text) =>
    text instanceof Uint8Array ? Buffer.from(text).toString('latin1') : String(text),
  );
