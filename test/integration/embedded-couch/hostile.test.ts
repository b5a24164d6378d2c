// What express-pouchdb and PouchDB die of, or nearly: after each request the same process still answers.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ADA, startTestCouch, type TestCouch } from '../../kit/embedded-couch.js';

let server: TestCouch;
before(async () => {
  server = await startTestCouch();
  await server.addUser(ADA);
  await server.createDatabase('h', [ADA]);
  await server.ask('PUT', '/h/doc/file', { as: ADA, body: 'text' });
});
after(() => server.close());

const ask = (method: string, path: string, body?: string) =>
  server.ask(method, path, {
    as: ADA,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body }),
  });

/** Not by the process number alone: that changes only some time after a death. */
async function survives(method: string, path: string, body?: string): Promise<number> {
  const pid = server.pid();
  const { status } = await ask(method, path, body);
  assert.equal((await server.ask('GET', '/_up')).status, 200);
  assert.equal(server.pid(), pid);
  return status;
}

// prettier-ignore
const BODIES = [
  'null', '5', '"x"', 'true', '[]', '[null]', '[[]]', '{}', 'no JSON', '', '{"docs":null}', '{"docs":{}}', '{"docs":[null]}',
  '{"docs":[5]}', '{"docs":[[]]}', '{"docs":"x"}', '{"docs":[{}]}', '{"docs":[{"id":5}]}', '{"docs":[{"id":""}]}',
  '{"docs":[{"id":"doc","rev":{}}]}', '{"docs":[{"id":"__proto__"}]}', '{"docs":[{"_id":5}]}', '{"keys":5}', '{"keys":[null]}',
  '{"keys":"x"}', '{"doc":null}', '{"doc":"x"}', '{"doc":[5]}', '{"doc":["x"]}', '{"__proto__":["1-a"]}', '{"selector":null}',
  '{"selector":5}', '{"selector":{"a":{"$bad":1}}}', '{"selector":{"a":{"$regex":"("}}}', '{"selector":{"$and":5}}',
  '{"selector":{"a":{"$in":5}}}', '{"selector":{"a":{"$mod":[0,0]}}}', '{"selector":{},"sort":5}', '{"selector":{},"fields":5}',
  '{"selector":{},"limit":"x","skip":-1}', '{"selector":{"_id":{"$gt":null}},"sort":["nope"]}',
];
// prettier-ignore
const TAKING_JSON = [
  '', '/_bulk_docs', '/_bulk_get', '/_bulk_get?latest=true', '/_revs_diff', '/_missing_revs', '/_all_docs', '/_find', '/_explain',
  '/_changes', '/_changes?filter=_selector', '/_changes?filter=_doc_ids', '/_ensure_full_commit',
];

for (const path of TAKING_JSON) {
  test(`POST /{db}${path} with any body is answered`, async () => {
    for (const body of BODIES) assert.ok((await survives('POST', `/h${path}`, body)) < 500, body);
  });
}

/** Members that PouchDB acts on, in forms that it does not expect. */
// prettier-ignore
const MEMBERS = [
  '"_attachments":5', '"_attachments":[]', '"_attachments":[{"data":"","content_type":"x"}]', '"_attachments":{"a":null}',
  '"_attachments":{"a":{}}', '"_attachments":{"a":{"data":5,"content_type":"x"}}',
  '"_attachments":{"a":{"data":"%%","content_type":"x"}}', '"_attachments":{"a":{"data":"AA","content_type":5}}',
  '"_attachments":{"a":{"stub":true}}', '"_attachments":{"a":{"stub":true,"digest":"md5-x"}}',
  '"_attachments":{"a":{"follows":true}}', '"_attachments":{"_a":{"data":"","content_type":"x"}}',
  '"_attachments":{"constructor":{"data":"","content_type":"x"}}', '"_attachments":{"__proto__":{"data":"","content_type":"x"}}',
  '"_revisions":5', '"_revisions":{}', '"_revisions":{"start":1,"ids":5}', '"_revisions":{"start":1,"ids":[]}',
  '"_revisions":{"start":-1,"ids":[null]}', '"_revisions":{"start":"x","ids":["a"]}', '"_revisions":{"start":1,"ids":["a","b"]}',
  '"_revisions":{"start":1000000000,"ids":["a"]}', '"_rev":5', '"_rev":"x"', '"_rev":null', '"_rev":"0-1"', '"_rev":"1-"',
  '"_rev":"99999999999999999999-a"', '"_deleted":5', '"_foo":1', '"_conflicts":5', '"_local_seq":{}', '"_id":5', '"_id":""',
  '"_id":"_x"', '"_id":"\\u0000"', '"_id":"\\ud800"', '"a":"\\ud800"', '"__proto__":{"x":1}',
];

for (const member of MEMBERS) {
  test(`a document with ${member} is answered, however it is written`, async () => {
    const document = `{${member}}`;
    const statuses = [
      await survives('PUT', '/h/member', document),
      await survives('PUT', '/h/member?new_edits=false', `{"_rev":"1-a",${member}}`),
      await survives('PUT', '/h/_local/member', document),
      await survives('POST', '/h', document),
      await survives('POST', '/h/_bulk_docs', `{"docs":[${document}]}`),
      await survives(
        'POST',
        '/h/_bulk_docs',
        `{"docs":[{"_id":"m","_rev":"2-b",${member}}],"new_edits":false}`,
      ),
    ];
    assert.deepEqual(
      statuses.filter((status) => status >= 500),
      [],
    );
  });
}

// prettier-ignore
const QUERIES = [
  'limit=x', 'limit=-1', 'skip=x', 'key=x', 'key={', 'keys=5', 'keys=[null]', 'startkey=[', 'startkey={}', 'descending=x',
  'include_docs=true&conflicts=true&attachments=true', 'rev=x', 'rev=5', 'rev=1-x', 'rev=1-x&latest=true', 'open_revs=[]',
  'open_revs=[5]', 'open_revs=["1-x"]', 'open_revs=["1-x"]&latest=true', 'revs=x', 'revs_info=true', 'group=true', 'group_level=x',
  'reduce=x', 'stale=x', 'update_seq=true', 'startkey_docid=5', 'atts_since=x', '__proto__=5', 'constructor=5', 'userCtx=5',
  'binary=true&attachments=true', 'a=1&a=2',
];
// prettier-ignore
const READABLE = [
  '', '/', '/_all_docs', '/_changes', '/_security', '/_index', '/doc', '/doc/file', '/doc/constructor', '/none', '/none/file',
  '/__proto__', '/constructor', '/_design/none', '/_design/none/_view/x', '/_design/__proto__/_view/constructor', '/_local/none',
];

for (const path of READABLE) {
  test(`GET /{db}${path} with any query is answered`, async () => {
    for (const query of QUERIES) {
      const escaped = query.replace(/[{}"[\]]/g, encodeURIComponent);
      assert.ok((await survives('GET', `/h${path}?${escaped}`)) < 500, query);
    }
  });
}
