// Limits of bodies: in size, in all that is held of them, and in number.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { assertRefused, startLab, type Lab, type Who } from '../../kit/lab.js';
import { connectRaw, get, parseReply } from '../../kit/raw-client.js';
import { eventually } from '../../kit/until.js';

const head = (line: string, fields: string): string => `${line} HTTP/1.1\r\nHost: x\r\n${fields}\r\n`;
const withLength = (line: string, body: string, type = ''): string =>
  head(line, `${type}Content-Length: ${body.length}\r\n`) + body;
const inChunks = (line: string, body: string, type = ''): string =>
  `${head(line, `${type}Transfer-Encoding: chunked\r\n`)}${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;

/** `json` with as much white space as makes it `bytes` long. */
const padded = (json: string, bytes: number): string => json.padEnd(bytes, ' ');

const BULK_BYTES = 900;
const BODY_BYTES = 500;
const LOCAL_BYTES = 300;
const ATTACHMENT_BYTES = 2000;

suite('sizes', () => {
  let lab: Lab;
  before(async () => {
    const limits = {
      bulkBodyBytes: BULK_BYTES,
      bodyBytes: BODY_BYTES,
      localDocumentBytes: LOCAL_BYTES,
      attachmentBytes: ATTACHMENT_BYTES,
    };
    lab = await startLab({ limits });
  });
  // What was passed on of a body before it was too large is no request: there is no end to it.
  after(() =>
    lab.close({ strayMayBe: /^(?:PUT \/dmedia-0\/doc[^ ]* HTTP\/1\.1\r\n(?:(?!\r\n0\r\n)[^])*)*$/ }),
  );

  for (const [line, json, limit] of [
    ['POST /couch/dmedia-0/_bulk_docs', '{"docs":[]}', BULK_BYTES],
    ['POST /couch/dmedia-0/_bulk_get', '{"docs":[]}', BULK_BYTES],
    ['POST /couch/dmedia-0/_revs_diff', '{}', BULK_BYTES],
    ['POST /couch/dmedia-0/_missing_revs', '{}', BULK_BYTES],
    ['PUT /couch/dmedia-0/doc', '{}', BODY_BYTES],
    ['PUT /couch/dmedia-0/_design/x', '{}', BODY_BYTES],
    ['POST /couch/dmedia-0', '{}', BODY_BYTES],
    ['POST /couch/dmedia-0/_changes', '{}', BODY_BYTES],
    ['POST /couch/dmedia-0/_all_docs', '{"keys":[]}', BODY_BYTES],
    ['POST /couch/dmedia-0/_ensure_full_commit', '{}', BODY_BYTES],
    ['POST /couch/dmedia-0/_find', '{}', BODY_BYTES],
    ['POST /couch/dmedia-0/_explain', '{}', BODY_BYTES],
    ['POST /couch/dmedia-0/_design/x/_view/y', '{}', BODY_BYTES],
    ['POST /files/have', '{"ids":[]}', BODY_BYTES],
    ['PUT /couch/dmedia-0/_local/x', '{}', LOCAL_BYTES],
    ['PUT /couch/dmedia-0/doc/att', '', ATTACHMENT_BYTES],
  ] as const) {
    for (const form of [withLength, inChunks]) {
      test(`${line}: ${limit} bytes, then 413 (${form.name})`, async () => {
        const under = await lab.sentDuring(() => lab.ask('ada', form(line, padded(json, limit))));
        assert.equal(under.result?.status, 200);
        assert.equal(under.sent.length, line.startsWith('POST /files') ? 0 : 1);
        const over = await lab.sentDuring(() => lab.ask('ada', form(line, padded(json, limit + 1))));
        assertRefused(over.result, 413);
        assert.deepEqual(over.sent, []);
      });
    }
  }

  for (const form of [withLength, inChunks]) {
    test(`a document with its attachments beside it: ${ATTACHMENT_BYTES} bytes, then 413 (${form.name})`, async () => {
      const ask = (bytes: number) => () =>
        lab.ask(
          'ada',
          form(
            'PUT /couch/dmedia-0/doc',
            'x'.repeat(bytes),
            'Content-Type: multipart/related; boundary=x\r\n',
          ),
        );
      const under = await lab.sentDuring(ask(ATTACHMENT_BYTES));
      assert.equal(under.result?.status, 200);
      lab.assertSent(under.sent, 'PUT /dmedia-0/doc', 'ada', 'x'.repeat(ATTACHMENT_BYTES));
      const over = await lab.sentDuring(ask(ATTACHMENT_BYTES + 1));
      assertRefused(over.result, 413);
      assert.deepEqual(over.sent, []);
    });
  }

  test('what is too large by its own word is not waited for', async () => {
    const request = head('PUT /couch/dmedia-0/doc/att', `Content-Length: ${ATTACHMENT_BYTES + 1}\r\n`);
    assertRefused(await lab.ask('ada', request), 413);
  });

  test('a refusal is read by a peer that sends all of a large body first', async () => {
    const client = connectRaw(lab.gateway.port, lab.tls.ada);
    const body = Buffer.alloc(8 * 1024 * 1024, ' ');
    client.write(head('PUT /couch/dmedia-0/doc', `Content-Length: ${body.length}\r\n`));
    await new Promise((resolve) => client.socket.write(body, resolve));
    assert.equal(parseReply(await client.until((bytes) => parseReply(bytes) !== null))?.status, 413);
    // The connection is good for more.
    client.write(get('/'));
    const both = await client.until((bytes) => (parseReply(bytes)?.rest.length ?? 0) > 0);
    assert.match(parseReply(both)?.rest.toString('latin1') ?? '', /^HTTP\/1\.1 200 /);
    client.socket.destroy();
  });

  test('a body that nobody wants does not keep a connection', async () => {
    const client = connectRaw(lab.gateway.port, lab.tls.ada);
    client.write(head('PUT /couch/other/doc', 'Content-Length: 100000\r\n'));
    const trickle = setInterval(() => client.write('x'), 100);
    assert.equal(parseReply(await client.until(() => false))?.status, 403);
    clearInterval(trickle);
  });
});

suite('local documents', () => {
  let lab: Lab;
  before(async () => void (lab = await startLab({ limits: { localDocumentsPerPrincipal: 2 } })));
  after(() => lab.close());

  const put = async (who: Who, id: string): Promise<number | undefined> =>
    (await lab.ask(who, withLength(`PUT /couch/dmedia-0-novel/_local/${id}`, '{}')))?.status;

  test('localDocumentsPerPrincipal: as many, then 429; they can be written again, and others have theirs', async () => {
    const { sent } = await lab.sentDuring(async () => {
      assert.equal(await put('ada', 'a'), 200);
      assert.equal(await put('ada', 'b'), 200);
      assert.equal(await put('ada', 'c'), 429);
      assert.equal(await put('ada', 'a'), 200);
      assert.equal((await lab.ask('ada', get('/couch/dmedia-0-novel/_local/c')))?.status, 200);
      assert.equal(await put('grace', 'c'), 200);
    });
    assert.equal(sent.length, 5);
  });
});

suite('bodies that are held', () => {
  const MEMORY_BYTES = 1000;
  let lab: Lab;
  before(async () => void (lab = await startLab({ limits: { bodyMemoryBytes: MEMORY_BYTES } })));
  after(() => lab.close());

  const put = (bytes: number) => () =>
    lab.ask('grace', withLength('PUT /couch/dmedia-0-novel/doc', padded('{}', bytes)));

  test('bodyMemoryBytes: of all principals together, then 503; it comes back', async () => {
    const holding = connectRaw(lab.gateway.port, lab.tls.ada);
    holding.write(head('PUT /couch/dmedia-0/doc', 'Expect: 100-continue\r\nContent-Length: 601\r\n'));
    await holding.until((bytes) => bytes.length > 0);
    holding.write(padded('{}', 600));
    // That those bytes are there: someone who came after them was served.
    for (let count = 0; count < 3; count++) assert.equal((await lab.ask('grace', get('/')))?.status, 200);

    const over = await lab.sentDuring(put(MEMORY_BYTES - 600 + 1));
    assertRefused(over.result, 503);
    assert.ok(Number(over.result?.headers.get('retry-after')) > 0);
    assert.deepEqual(over.sent, []);
    assert.equal((await put(MEMORY_BYTES - 600)())?.status, 200);

    holding.write(' ');
    assert.equal(parseReply(await holding.until((bytes) => parseReply(bytes) !== null))?.status, 200);
    assert.equal((await put(MEMORY_BYTES)())?.status, 200);
    assertRefused(await put(MEMORY_BYTES + 1)(), 503);
    holding.socket.destroy();
  });

  test('who leaves gives it back', async () => {
    const holding = connectRaw(lab.gateway.port, lab.tls.ada);
    holding.write(
      `${head('PUT /couch/dmedia-0/doc', `Content-Length: ${MEMORY_BYTES}\r\n`)}${padded('{}', 900)}`,
    );
    await eventually(async () => ((await put(101)())?.status === 503 ? true : null));
    holding.socket.destroy();
    await eventually(async () => ((await put(MEMORY_BYTES)())?.status === 200 ? true : null));
  });
});
