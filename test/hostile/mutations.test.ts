// Malformed requests that are generated rather than picked: good ones with each byte replaced, deleted, or another put
// before it. Whatever comes of them, nothing reaches the upstream that was not granted.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { decideCouch, type CouchDecision } from '../../dist/core/couch/decide.js';
import { Refusal } from '../../dist/core/errors.js';
import type { Role } from '../../dist/core/policy/policy.js';
import { formatTarget, parseTarget } from '../../dist/core/target.js';
import { connectRaw } from '../kit/raw-client.js';
import { startLab, type Lab } from '../kit/lab.js';

const BYTES = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));
/** Those that end something. */
const TELLING_BYTES = Array.from('\0\r\n /%:\xff');

/** Every way in which one byte of `good` can be another, missing, or one too many. */
function* mutantsOf(good: string, bytes: readonly string[]): Generator<string> {
  for (let at = 0; at <= good.length; at++) {
    const [head, tail] = [good.slice(0, at), good.slice(at + 1)];
    for (const byte of bytes) {
      yield head + byte + good.slice(at);
      if (at < good.length && byte !== good[at]) yield head + byte + tail;
    }
    if (at < good.length) yield head + tail;
  }
}

describe('targets', () => {
  const grant = { name: 'dmedia-0', access: 'write', query: false, design: false } as const;
  const role: Role = {
    name: 'r',
    exact: new Map([['dmedia-0', grant]]),
    prefixes: [],
    files: 'none',
    credential: 'own',
  };

  /** How CouchDB reads a path: slashes folded, split, each segment unquoted, with "+" as a space. */
  const readAsCouchdb = (path: string): string[] =>
    path
      .split('/')
      .filter((segment) => segment !== '')
      .map((segment) => decodeURIComponent(segment.replaceAll('+', ' ')));

  function decide(method: string, target: string): CouchDecision | null {
    try {
      const { segments, ...rest } = parseTarget(target);
      return segments[0] === 'couch'
        ? decideCouch(role, method, { ...rest, segments: segments.slice(1) }, { heartbeatMs: 1000 })
        : null;
    } catch (error) {
      assert.ok(error instanceof Refusal);
      return null;
    }
  }

  for (const [method, good] of [
    ['GET', '/couch/dmedia-0/_all_docs?limit=1'],
    ['GET', '/couch/dmedia-0/_design/x'],
    ['GET', '/couch/dmedia-0/a%2Fb/c?rev=1-a'],
    ['PUT', '/couch/dmedia-0/_local/x'],
    ['PUT', '/couch/dmedia-0/doc/a/b'],
    ['DELETE', '/couch/dmedia-0/%5F?rev=1'],
  ] as const) {
    test(`${method} ${good}: CouchDB reads what was decided on`, () => {
      let permitted = 0;
      for (const target of mutantsOf(good, BYTES)) {
        const decision = decide(method, target);
        if (decision === null) continue;
        permitted += 1;
        // Answered by the gateway itself, or written anew.
        if (decision.operation.answer === 'database-exists' || decision.database === null) continue;
        const [path = '', query] = formatTarget(decision.segments, decision.query).split('?');
        const segments = readAsCouchdb(path);
        assert.deepEqual(segments, decision.segments, JSON.stringify(target));
        assert.equal(segments[0], 'dmedia-0', JSON.stringify(target));
        assert.match(path, /^(?:\/[A-Za-z0-9._~%-]+)+$/);
        assert.match(query ?? '', /^[A-Za-z0-9._~%&=-]*$/);
        const special = segments[1]?.startsWith('_') === true ? segments[1] : '';
        assert.ok(
          ['', '_all_docs', '_changes', '_design', '_local'].includes(special),
          JSON.stringify(target),
        );
        if (method !== 'GET') assert.notEqual(special, '_design');
      }
      assert.ok(permitted > 0);
    });
  }
});

describe('messages', () => {
  let lab: Lab;
  before(async () => void (lab = await startLab()));
  after(() => lab.close());

  const LANES = 6;
  /** Longer than any reply takes; what has none by then was not a whole request. */
  const NO_REPLY_MS = 50;
  const PERMITTED =
    /^(?:GET|HEAD|PUT) \/dmedia-0(?:-[a-z0-9_-]+)?(?:\/(?:[A-Za-z0-9.~%-][A-Za-z0-9._~%-]*(?:\/[A-Za-z0-9._~%-]+)?)?)?(?:\?rev=[^&]*)?$/;

  async function send(mutant: string): Promise<void> {
    const client = connectRaw(lab.gateway.port, lab.tls.ada);
    client.write(Buffer.from(mutant, 'latin1'));
    let deadline: NodeJS.Timeout | undefined;
    const noReply = new Promise((resolve) => void (deadline = setTimeout(resolve, NO_REPLY_MS)));
    await Promise.race([client.until((bytes) => bytes.length > 0), noReply]);
    clearTimeout(deadline);
    client.socket.destroy();
  }

  for (const good of [
    'GET /couch/dmedia-0/doc?rev=1 HTTP/1.1\r\nHost: x\r\n\r\n',
    'PUT /couch/dmedia-0/d HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n',
  ]) {
    test(JSON.stringify(good), async () => {
      const mutants = mutantsOf(good, TELLING_BYTES);
      const { sent } = await lab.sentDuring(async () => {
        const lane = async (): Promise<void> => {
          for (const mutant of mutants) await send(mutant);
        };
        await Promise.all(Array.from({ length: LANES }, lane));
        await lab.ask('ada', good);
      });
      assert.ok(sent.length > 1, 'some are still good');
      for (const request of sent) {
        const line = `${request.method} ${request.target}`;
        assert.match(line, PERMITTED);
        lab.assertSent([request], line, 'ada');
      }
    });
  }
});
