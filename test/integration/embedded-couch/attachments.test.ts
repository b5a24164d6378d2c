// Attachments: one at a time, inside documents, and as the multipart bodies of CouchDB's replicator.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ADA, startTestCouch, type TestCouch } from '../../kit/embedded-couch.js';

let server: TestCouch;
const TEXT = 'Grüße, with a line\r\nand --boundary\r\n';
const BYTES = randomBytes(300_000);
const MIB = 1024 * 1024;

before(async () => {
  server = await startTestCouch();
  await server.addUser(ADA);
  await server.createDatabase('att', [ADA]);
});
after(() => server.close());

const ask = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
  server.ask(method, path, { as: ADA, headers, ...(body === undefined ? {} : { body }) });

async function read(path: string): Promise<{ bytes: Buffer; type: string | null }> {
  const response = await server.open('GET', path, { as: ADA });
  assert.equal(response.status, 200);
  return { bytes: Buffer.from(await response.arrayBuffer()), type: response.headers.get('content-type') };
}

const revOf = ({ body }: { body: unknown }): string => (body as { rev: string }).rev;

test('an attachment is put, read and deleted, by revision', async () => {
  const type = { 'content-type': 'image/x-noise' };
  const made = await ask('PUT', '/att/photo/raw%20file/1.bin', BYTES, type);
  assert.equal(made.status, 201);
  assert.deepEqual(await read('/att/photo/raw%20file/1.bin'), { bytes: BYTES, type: 'image/x-noise' });
  assert.equal((await ask('PUT', '/att/photo/second', 'x')).status, 409);
  const second = await ask('PUT', `/att/photo/second?rev=${revOf(made)}`, 'x');
  assert.equal(second.status, 201);
  assert.equal((await ask('DELETE', '/att/photo/second')).status, 409);
  assert.equal((await ask('DELETE', `/att/photo/none?rev=${revOf(second)}`)).status, 404);
  assert.equal((await ask('DELETE', `/att/photo/second?rev=${revOf(second)}`)).status, 200);
  assert.equal((await ask('GET', '/att/photo/second')).status, 404);
  // As it was before the deletion.
  assert.equal((await read(`/att/photo/second?rev=${revOf(second)}`)).bytes.toString(), 'x');
});

test('what JavaScript finds on every object is no attachment', async () => {
  await ask('PUT', '/att/plain', {});
  for (const name of ['constructor', '__proto__', 'toString']) {
    assert.equal((await ask('GET', `/att/plain/${name}`)).status, 404);
    assert.equal((await ask('GET', `/att/photo/${name}`)).status, 404);
  }
  assert.equal((await ask('PUT', '/att/plain/__proto__', 'x')).status, 404);
});

/** A document in the form in which CouchDB's replicator sends it. */
function related(
  document: object,
  files: readonly (readonly [string | null, Uint8Array])[],
): [Buffer, Record<string, string>] {
  const parts = [
    Buffer.from(`--b\r\nContent-Type: application/json\r\n\r\n${JSON.stringify(document)}\r\n`),
    ...files.flatMap(([name, bytes]) => [
      Buffer.from(
        `--b\r\n${name === null ? '' : `Content-Disposition: attachment; filename="${name}"\r\n`}\r\n`,
      ),
      bytes,
      Buffer.from('\r\n'),
    ]),
    Buffer.from('--b--'),
  ];
  return [Buffer.concat(parts), { 'content-type': 'multipart/related; boundary="b"' }];
}

const follows = (content_type: string, length: number, more: object = {}) => ({
  content_type,
  length,
  follows: true,
  ...more,
});

test('a multipart document is stored with its attachments, by name, packed or not', async () => {
  const packed = gzipSync(TEXT);
  const length = Buffer.byteLength(TEXT);
  const [body, headers] = related(
    {
      _rev: '2-b',
      _revisions: { start: 2, ids: ['b', 'a'] },
      // Keys that look like numbers come first in JavaScript, whatever the text says.
      _attachments: {
        'n.txt': follows('text/plain', length, { encoding: 'gzip', encoded_length: packed.length }),
        '10': follows('image/png', 2),
        'say "hi"': follows('image/png', BYTES.length),
      },
    },
    [
      ['n.txt', packed],
      ['10', Buffer.from('10')],
      ['say \\"hi\\"', BYTES],
    ],
  );
  const { status, body: written } = await ask('PUT', '/att/multi?new_edits=false', body, headers);
  assert.deepEqual([status, written], [201, { ok: true, id: 'multi', rev: '2-b' }]);
  assert.deepEqual(await read('/att/multi/n.txt'), { bytes: Buffer.from(TEXT), type: 'text/plain' });
  assert.equal((await read('/att/multi/10')).bytes.toString(), '10');
  assert.deepEqual((await read('/att/multi/say%20%22hi%22')).bytes, BYTES);
});

test('parts without names are taken in order', async () => {
  const _attachments = { a: follows('text/plain', 1), b: follows('text/plain', 1) };
  const [body, headers] = related({ _attachments }, [
    [null, Buffer.from('1')],
    [null, Buffer.from('2')],
  ]);
  assert.equal((await ask('PUT', '/att/ordered', body, headers)).status, 201);
  assert.equal((await read('/att/ordered/b')).bytes.toString(), '2');
});

test('a multipart document that is not whole, or not itself, is refused', async () => {
  const attach = (stub: object) => ({ _attachments: { a: stub } });
  const bad: [Buffer | string, Record<string, string>][] = [
    related({ _id: 'other' }, []),
    related(attach(follows('text/plain', 1)), []),
    related({}, [['a', Buffer.from('x')]]),
    related(attach(follows('text/plain', 5)), [['a', Buffer.from('x')]]),
    related(attach(follows('text/plain', 1, { encoding: 'gzip' })), [['a', Buffer.from('not packed')]]),
    related([], []),
    ['--b\r\n\r\n{}', { 'content-type': 'multipart/related; boundary=b' }],
    ['', { 'content-type': 'multipart/related; boundary=b' }],
    ['--b\r\n\r\n{}\r\n--b--', { 'content-type': 'multipart/related; x=y' }],
  ];
  for (const [body, headers] of bad) {
    const { status } = await ask('PUT', '/att/broken', body, headers);
    assert.equal(status, 400, body.toString('utf8'));
  }
  assert.equal((await ask('GET', '/att/broken')).status, 404);
  const [good, headers] = related(attach(follows('text/plain', 1)), [['a', Buffer.from('x')]]);
  assert.equal((await ask('PUT', '/att/broken', good, headers)).status, 201);
});

test('packed attachments are unpacked to the length that they say, and to a bound together', async () => {
  const put = async (lengths: readonly unknown[], packed: Uint8Array): Promise<number> => {
    const stub = (length: unknown) => ({ content_type: 'x/y', follows: true, encoding: 'gzip', length });
    const _attachments = Object.fromEntries(lengths.map((length, n) => [`a${n}`, stub(length)]));
    const files = lengths.map((_, n) => [`a${n}`, packed] as const);
    const [body, headers] = related({ _attachments }, files);
    return (await ask('PUT', '/att/packed', body, headers)).status;
  };
  const packed = gzipSync(Buffer.alloc(MIB));
  for (const length of [MIB - 1, MIB + 1, undefined, -1, 0.5, '5', {}])
    assert.equal(await put([length], packed), 400);
  assert.equal(await put([MIB], packed), 201);
  // 400 is for what is packed; the bound was looked at before.
  const notPacked = Buffer.from('text');
  assert.equal(await put([32 * MIB, 32 * MIB, 1], notPacked), 413);
  assert.equal(await put([32 * MIB, 32 * MIB], notPacked), 400);
});

test('open_revs comes as multipart/mixed to whom wants it so, with every byte', async () => {
  const made = await ask('PUT', '/att/open', {
    n: 1,
    _attachments: { 'a "b".bin': { content_type: 'image/png', data: BYTES.toString('base64') } },
  });
  const path = `/att/open?revs=true&latest=true&open_revs=${encodeURIComponent(JSON.stringify([revOf(made), '9-z']))}`;
  const response = await server.open('GET', path, { as: ADA, headers: { accept: 'multipart/mixed' } });
  const [revision, missing] = splitParts(
    Buffer.from(await response.arrayBuffer()),
    response.headers.get('content-type'),
  );
  assert.ok(revision && missing);
  assert.match(missing.head, /application\/json; error="true"/);
  assert.deepEqual(JSON.parse(missing.body.toString()), { missing: '9-z' });
  const [document, attachment] = splitParts(
    revision.body,
    /Content-Type: (.*)/.exec(revision.head)?.[1] ?? null,
  );
  assert.ok(document && attachment);
  const { _attachments } = JSON.parse(document.body.toString()) as { _attachments: Record<string, object> };
  assert.deepEqual(_attachments['a "b".bin'], {
    content_type: 'image/png',
    digest: `md5-${createHash('md5').update(BYTES).digest('base64')}`,
    revpos: 1,
    length: BYTES.length,
    follows: true,
  });
  assert.match(attachment.head, /filename="a \\"b\\".bin"/);
  assert.deepEqual(attachment.body, BYTES);
});

test('open_revs comes as JSON to everyone else', async () => {
  const made = await ask('PUT', '/att/json', {});
  const { body } = await ask('GET', '/att/json?open_revs=all');
  assert.deepEqual(body, [{ ok: { _id: 'json', _rev: revOf(made) } }]);
  for (const bad of ['x', '{}', '[5]', '["x"]', '"all"'])
    assert.equal((await ask('GET', `/att/json?open_revs=${encodeURIComponent(bad)}`)).status, 400);
});

interface Part {
  readonly head: string;
  readonly body: Buffer;
}

/** The parts of a body whose bytes hold its boundary nowhere else. */
function splitParts(body: Buffer, contentType: string | null): Part[] {
  const boundary =
    /boundary="([^"]+)"/.exec(contentType ?? '')?.[1] ?? assert.fail(`no boundary in ${String(contentType)}`);
  const pieces = body.toString('latin1').split(`--${boundary}`);
  assert.equal(pieces.shift(), '');
  assert.equal(pieces.pop(), '--');
  return pieces.map((piece) => {
    const end = piece.indexOf('\r\n\r\n');
    return { head: piece.slice(2, end), body: Buffer.from(piece.slice(end + 4, -2), 'latin1') };
  });
}
