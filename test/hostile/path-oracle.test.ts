// The path oracle: over generated targets, what the policy decided on and what CouchDB makes of the bytes that go up
// are the same database, the same operation, the same query names. Found cases become rows in data/.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { decideCouch, type CouchDecision } from '../../dist/core/couch/decide.js';
import { Refusal } from '../../dist/core/errors.js';
import { grantOf, type DatabaseGrant, type Role } from '../../dist/core/policy/policy.js';
import { formatTarget, parseTarget } from '../../dist/core/target.js';
import { readAsCouchdb } from '../kit/couchdb-reading.js';
import { mutate, startFuzz, type Random } from '../kit/fuzz.js';
import { startLab, type Lab } from '../kit/lab.js';

const METHODS = ['GET', 'GET', 'GET', 'HEAD', 'PUT', 'POST', 'PUT', 'DELETE', 'COPY', 'PATCH', 'OPTIONS'];
const DATABASES = [
  'dmedia-0',
  'dmedia-0-novel',
  'dmedia-0-x',
  'dmedia-00',
  'secret',
  'dmedia-0/x',
  'shards/0',
  '__proto__',
];
const SERVER = [
  '_users',
  '_replicator',
  '_all_dbs',
  '_up',
  '_session',
  '_node',
  '_utils',
  '_dbs_info',
  '_config',
];
const SPECIAL = [
  '_design',
  '_local',
  '_changes',
  '_all_docs',
  '_bulk_docs',
  '_bulk_get',
  '_find',
  '_security',
  '_shards',
  '_purge',
  '_compact',
  '_revs_diff',
  '_missing_revs',
  '_ensure_full_commit',
  '_local_docs',
  '_revs_limit',
  '_explain',
];
const BELOW_DESIGN = ['_view', '_rewrite', '_show', '_list', '_update', '_info', '_search'];
const NAMES = [
  'doc',
  'a/b',
  '_',
  'é',
  '%',
  '+',
  ' ',
  '.',
  '..',
  '\0',
  'x\\y',
  '_design/x',
  '_local/x',
  '_rewrite',
  '\r\n',
  '？',
  '／',
];
const QUERIES = [
  'rev',
  'new_edits',
  'feed',
  'filter',
  'limit',
  'include_docs',
  'REV',
  'rev[]',
  '_rev',
  'keys',
  'batch',
  'view',
  'open_revs',
];
const JOINTS = ['//', '/./', '/../', '\\', '%2F', '%5C', '/%2E%2E/', '%252F', ';/', '/;'];
const ENDS = ['/', '//', '?', '??', '#x', '#?', '%00', '%', ' ', '\t'];
const ALPHABET = Array.from('/%+?#&;=_.\\2F5Cf%0\0\r\n\t x\u00ff\u00c0\u00af');

const hex = (byte: number, random: Random): string => {
  const text = byte.toString(16).padStart(2, '0');
  return `%${random.once(2) ? text : text.toUpperCase()}`;
};

/** The bytes of `name` in one of the many ways to write them, right ones and wrong ones. */
function spell(random: Random, name: string): string {
  // Mostly as it should be: a target that has several oddities is refused for the first.
  const style = random.once(6) ? random.int(5) : 5;
  return [...Buffer.from(name, 'utf8')]
    .map((byte) => {
      const isPlain = /[A-Za-z0-9._~-]/.test(String.fromCharCode(byte));
      if (style === 0) return hex(byte, random);
      if (style === 1) return `%25${hex(byte, random).slice(1)}`;
      if (style === 2 && byte < 0x80)
        return `${hex(0xc0 | (byte >> 6), random)}${hex(0x80 | (byte & 0x3f), random)}`;
      if (style === 3 && byte === 0x20) return '+';
      if (style === 4) return String.fromCharCode(byte);
      return isPlain && !random.once(60) ? String.fromCharCode(byte) : hex(byte, random);
    })
    .join('');
}

function* segmentsOf(random: Random): Generator<string> {
  yield random.once(2) ? 'dmedia-0' : random.pick(random.once(6) ? SERVER : DATABASES);
  if (random.once(8)) return;
  const second = random.pick(random.once(2) ? SPECIAL : NAMES);
  yield second;
  if (second === '_design' || second === '_local' || random.once(4)) yield random.pick(NAMES);
  if (second === '_design' && random.once(2)) yield random.pick(BELOW_DESIGN);
  if (random.once(5)) yield random.pick(NAMES);
}

function targetFrom(random: Random): string {
  let target = random.once(30)
    ? random.pick(['/Couch', '//couch', '/couch/', '/%63ouch', '/files', ''])
    : '/couch';
  for (const segment of segmentsOf(random))
    target += (random.once(12) ? random.pick(JOINTS) : '/') + spell(random, segment);
  if (random.once(8)) target += random.pick(ENDS);
  if (random.once(3)) {
    const pairs = Array.from(
      { length: 1 + random.int(3) },
      () => `${spell(random, random.pick(QUERIES))}=${random.pick(['1', 'a;b=c', '%26x=1', '', '1#2'])}`,
    );
    target += `?${pairs.join(random.pick(['&', '&', ';', '&&']))}`;
  }
  return random.once(4) ? mutate(random, target, ALPHABET) : target;
}

/** The words of `readAsCouchdb` for a row of the table. */
function wordOf({ operation }: CouchDecision): string {
  const [, ...parts] = operation.path;
  const text = parts.join('/');
  const words: Record<string, string> = {
    '': 'database',
    '{doc}': 'document',
    '{doc}/{attachment}': 'attachment',
    '_local/{local}': 'local',
    '_design/{ddoc}': 'design',
    '_design/{ddoc}/{attachment}': 'design attachment',
    '_design/{ddoc}/_view/{view}': 'design _view',
  };
  return words[text] ?? text;
}

/** That of `own-device` in kit/env.ts, with the grants of a design document and of queries here and there. */
const grant = (name: string, more: Partial<DatabaseGrant> = {}): DatabaseGrant => ({
  name,
  access: 'write',
  query: false,
  design: false,
  ...more,
});
const ROLES: readonly Role[] = [
  {
    name: 'narrow',
    exact: new Map([['dmedia-0', grant('dmedia-0', { access: 'read' })]]),
    prefixes: [],
    files: 'none',
    credential: 'own',
  },
  {
    name: 'wide',
    exact: new Map([['dmedia-0', grant('dmedia-0', { query: true, design: true })]]),
    prefixes: [{ prefix: 'dmedia-0-', grant: grant('dmedia-0-*') }],
    files: 'none',
    credential: 'own',
  },
];

function decide(role: Role, method: string, target: string): CouchDecision | null {
  try {
    const { segments, ...rest } = parseTarget(target);
    if (segments[0] !== 'couch') return null;
    return decideCouch(role, method, { ...rest, segments: segments.slice(1) }, { heartbeatMs: 1000 });
  } catch (error) {
    assert.ok(error instanceof Refusal, `${JSON.stringify(target)}: ${String(error)}`);
    return null;
  }
}

function assertSameReading(decision: CouchDecision, role: Role, sent: string, target: string): void {
  const reading = readAsCouchdb(sent);
  const about = `${decision.method} ${JSON.stringify(target)} sent as ${sent}`;
  assert.equal(reading.database, decision.database, about);
  assert.equal(reading.operation, wordOf(decision), about);
  assert.deepEqual(
    reading.names,
    decision.query.map(({ name }) => name),
    about,
  );
  assert.ok(
    reading.names.every((name) => decision.operation.query.includes(name)),
    about,
  );
  assert.ok(reading.database !== null && grantOf(role, reading.database) !== null, about);
}

describe('the path oracle', () => {
  test('what was decided on is what CouchDB reads', (t) => {
    const { random, hasTime } = startFuzz(t, 3);
    let permitted = 0;
    while (hasTime() || permitted === 0) {
      const [role, method, target] = [random.pick(ROLES), random.pick(METHODS), targetFrom(random)];
      const decision = decide(role, method, target);
      if (decision === null || decision.database === null || decision.operation.answer === 'database-exists')
        continue;
      permitted += 1;
      assertSameReading(decision, role, formatTarget(decision.segments, decision.query), target);
    }
    t.diagnostic(`${permitted} targets permitted`);
  });

  describe('over the wire', () => {
    let lab: Lab;
    before(async () => void (lab = await startLab()));
    after(() => lab.close());

    const bodyFor = (method: string): string =>
      method === 'POST' || method === 'PUT' ? '{"docs":[],"keys":[]}' : '';

    test('one request goes up for each that is permitted, and says the same', async (t) => {
      const { random, hasTime } = startFuzz(t, 4);
      const [, role] = ROLES as [Role, Role];
      let forwarded = 0;
      while (hasTime() || forwarded === 0) {
        const [method, target] = [random.pick(METHODS), targetFrom(random)];
        // Most are refused; a part of those is enough.
        if (decide(role, method, target) === null && !random.once(5)) continue;
        const body = bodyFor(method);
        const framing =
          body === '' ? '' : `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`;
        const request = `${method} ${target} HTTP/1.1\r\nHost: x\r\n${framing}\r\n${body}`;
        const { result, sent } = await lab.sentDuring(() => lab.ask('ada', request));
        if (sent.length === 0) continue;
        forwarded += 1;
        const [only] = sent;
        assert.ok(only && sent.length === 1, request);
        assert.equal(result?.status, 200, request);
        // Node's parser takes several spaces where one belongs (RFC 9112 section 3 lets it).
        const decision = decide(role, method, target.replaceAll(/^ +| +$/g, ''));
        assert.ok(decision, `${request}: the policy does not permit what went up`);
        assert.equal(only.method, method);
        assertSameReading(decision, role, only.target, target);
        lab.assertSent(sent, `${only.method} ${only.target}`, 'ada');
      }
      t.diagnostic(`${forwarded} requests went up`);
    });
  });
});
