// A database as it is, leaf by leaf: every leaf revision with its history, its content, and its attachments' bytes.
// Two databases are the same when their snapshots are.
import { createHash } from 'node:crypto';
import type { Json, PouchChange, PouchDatabase } from '../../kit/pouch.js';
import type { TestUpstream } from '../../kit/upstreams.js';

/** Leaves by document id and revision. A Map: "__proto__" is an id like any other. */
export type Snapshot = ReadonlyMap<string, Leaf>;

interface Leaf {
  readonly deleted: boolean;
  /** Newest first, with its generation. */
  readonly revisions: unknown;
  readonly fields: Json;
  readonly attachments: ReadonlyMap<string, Attachment>;
}

interface Attachment {
  readonly type: string;
  readonly length: number;
  readonly sha256: string;
  /** As the database tells it; null for types of which CouchDB keeps, and digests, the compressed bytes. */
  readonly digest: string | null;
}

interface RawAttachment {
  readonly content_type: string;
  readonly digest: string;
  readonly data: string;
}

/** CouchDB's default `compressible_types`. */
const COMPRESSIBLE = /^text\/|^application\/(?:javascript|json|xml)$/;
const BATCH = 100;

const keyOf = (id: unknown, rev: unknown): string => `${String(rev)} ${String(id)}`;

function attachmentOf({ content_type: type, digest, data }: RawAttachment): Attachment {
  const bytes = Buffer.from(data, 'base64');
  return {
    type,
    length: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    digest: COMPRESSIBLE.test(type) ? null : digest,
  };
}

function leafOf(document: Json): [string, Leaf] {
  const { _id, _rev, _revisions, _deleted, _attachments, ...fields } = document;
  const attachments = Object.entries((_attachments ?? {}) as Record<string, RawAttachment>);
  return [
    keyOf(_id, _rev),
    {
      deleted: _deleted === true,
      revisions: _revisions,
      fields,
      attachments: new Map(attachments.map(([name, raw]) => [name, attachmentOf(raw)] as const).sort(byName)),
    },
  ];
}

const byName = ([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number =>
  one < other ? -1 : 1;

const snapshotOf = (documents: readonly Json[]): Snapshot => new Map(documents.map(leafOf).sort(byName));

const batchesOf = <T>(items: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(items.length / BATCH) }, (_, at) =>
    items.slice(at * BATCH, (at + 1) * BATCH),
  );

/** Of a database of PouchDB's own. */
export async function snapshotOfPouch(database: PouchDatabase): Promise<Snapshot> {
  const { results } = await database.changes({ style: 'all_docs', return_docs: true });
  const documents: Json[] = [];
  for (const { id, changes } of results) {
    const revisions = changes.map(({ rev }) => rev);
    const options = { open_revs: revisions, revs: true, attachments: true };
    const leaves = (await database.get(id, options)) as unknown as readonly { readonly ok: Json }[];
    documents.push(...leaves.map(({ ok }) => ok));
  }
  return snapshotOf(documents);
}

interface BulkGetReply {
  readonly results: readonly { readonly docs: readonly { readonly ok: Json }[] }[];
}

/** Of a server's database, read directly. */
export async function snapshotOfUpstream(upstream: TestUpstream, database: string): Promise<Snapshot> {
  const { body } = await upstream.ask('GET', `/${database}/_changes?style=all_docs`);
  const { results } = body as { readonly results: readonly PouchChange[] };
  const wanted = results.flatMap(({ id, changes }) => changes.map(({ rev }) => ({ id, rev })));
  const documents: Json[] = [];
  for (const docs of batchesOf(wanted)) {
    const reply = await upstream.ask('POST', `/${database}/_bulk_get?revs=true&attachments=true`, { docs });
    const leaves = (reply.body as BulkGetReply).results.flatMap((result) => result.docs);
    documents.push(...leaves.map(({ ok }) => ok));
  }
  return snapshotOf(documents);
}

/** The document id in a key of a snapshot. */
export const idIn = (key: string): string => key.slice(key.indexOf(' ') + 1);

export const documentCountOf = (snapshot: Snapshot): number => new Set([...snapshot.keys()].map(idIn)).size;
