// Where hostile requests are tried: one gateway, one recording upstream, and the judgement of what came of a request,
// by the reply and by the bytes that the upstream was sent. What is refused never reaches it.
import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import { localTag, localTagKey } from '../../dist/core/couch/local-documents.js';
import { createEnv, tlsOf, type EnvPlan } from './env.js';
import { startGateway, type TestGateway } from './gateway.js';
import { createTestPki, type TestLeaf } from './pki.js';
import { connectRaw, parseReply, type RawReply } from './raw-client.js';
import { startRecordingUpstream, type Recorded, type RecordingUpstream } from './recording-upstream.js';

/** Ada's desktop has the role `own-device`, Grace's laptop `novel-crew` (see kit/env.ts). */
export type Who = 'ada' | 'grace';

export interface Lab {
  /** What the gateway was started with. */
  readonly env: ReturnType<typeof createEnv>;
  readonly gateway: TestGateway;
  readonly upstream: RecordingUpstream;
  readonly tls: Readonly<Record<Who, { readonly secureContext: SecureContext }>>;
  /** Writes `bytes` (latin1, or as they are) onto a connection of its own; null where it closed without a reply. */
  ask(who: Who, bytes: string | Buffer, until?: 'reply' | 'closed'): Promise<RawReply | null>;
  /** Runs `attempt` and returns what the upstream was sent on behalf of peers meanwhile. */
  sentDuring<Result>(attempt: () => Promise<Result>): Promise<{ result: Result; sent: readonly Recorded[] }>;
  /** Fails unless `sent` is one request: `line` ("GET /db"), for `who`, with headers of the allow-list only. */
  assertSent(sent: readonly Recorded[], line: string, who: Who, body?: string): void;
  /** `text` with `{tag}` as the tag of `who` in the names of local documents. */
  withTag(text: string, who: Who): string;
  /** Fails if bytes reached the upstream that no request accounts for, but for what `strayMayBe` allows. */
  close(options?: { readonly strayMayBe?: RegExp }): Promise<void>;
}

const CREDENTIALS: Record<Who, string> = {
  ada: 'patchcord-own:own-password-of-the-test',
  grace: 'patchcord-novel:novel-password-of-the-test',
};
const authorizationOf = (who: Who): string => `Basic ${Buffer.from(CREDENTIALS[who]).toString('base64')}`;

/** All that the upstream may ever be told. */
const ALLOWED_HEADERS = new Set([
  'accept',
  'if-match',
  'if-none-match',
  'last-event-id',
  'range',
  'content-type',
  'content-length',
  'transfer-encoding',
  'authorization',
  'host',
  'connection',
]);
const QUESTION_HEADERS = ['accept', 'authorization', 'connection', 'host'];

export interface LabPlan extends Partial<EnvPlan> {
  /** Sets the upstream up before the gateway asks it anything. */
  readonly upstream?: (upstream: RecordingUpstream) => void;
  /** In place of those of kit/env.ts, by name. */
  readonly credentials?: Readonly<Record<string, object>>;
}

export async function startLab({ upstream: setUp, credentials, ...plan }: LabPlan = {}): Promise<Lab> {
  const pki = plan.pki ?? createTestPki();
  const upstream = await startRecordingUpstream();
  setUp?.(upstream);
  const env = createEnv({ couchUrl: upstream.url, ...plan, pki });
  Object.assign(env.couchdb.credentials, credentials);
  const gateway = await startGateway(env).catch(async (error: unknown) => {
    // A server that nobody closes would keep the test's process for ever.
    await upstream.close();
    throw error;
  });
  const contextOf = (leaf: TestLeaf) => ({ secureContext: createSecureContext(tlsOf(leaf)) });
  const tls = { ada: contextOf(pki.ada.desktop), grace: contextOf(pki.grace.laptop) };
  const privateKey = createPrivateKey(pki.ada.laptop.keyPem);
  const tagKey = localTagKey(privateKey.export({ type: 'pkcs8', format: 'der' }));
  const devices = { ada: pki.ada.desktop.deviceId, grace: pki.grace.laptop.deviceId };

  async function ask(who: Who, bytes: string | Buffer, until: 'reply' | 'closed' = 'reply') {
    const client = connectRaw(gateway.port, tls[who]);
    const raw = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
    const method = raw.subarray(0, 5).toString('latin1') === 'HEAD ' ? 'HEAD' : 'GET';
    client.write(raw);
    const received = await client.until((all) => until === 'reply' && parseReply(all, method) !== null);
    client.socket.destroy();
    return parseReply(received, method);
  }

  function assertSent(sent: readonly Recorded[], line: string, who: Who, body?: string): void {
    assert.deepEqual(
      sent.map(({ method, target }) => `${method} ${target}`),
      [line],
    );
    const [request] = sent;
    assert.ok(request);
    for (const [name, values] of request.headers) {
      assert.ok(ALLOWED_HEADERS.has(name), `the upstream was told ${name}`);
      assert.equal(values.length, 1, `the upstream was told ${name} twice`);
    }
    assert.deepEqual(request.headers.get('authorization'), [authorizationOf(who)]);
    assert.deepEqual(request.headers.get('host'), [`127.0.0.1:${upstream.port}`]);
    assert.equal(request.headers.get('connection')?.[0], 'keep-alive');
    if (body !== undefined) assert.equal(request.body.toString('latin1'), body);
  }

  return {
    env,
    gateway,
    upstream,
    tls,
    ask,
    async sentDuring(attempt) {
      const [requests, questions] = [upstream.requests.length, upstream.questions.length];
      const result = await attempt();
      upstream.questions.slice(questions).forEach(assertOwnQuestion);
      return { result, sent: upstream.requests.slice(requests) };
    },
    assertSent,
    withTag: (text, who) => text.replace('{tag}', localTag(tagKey, devices[who])),
    async close({ strayMayBe = /^$/ } = {}) {
      assert.equal(await gateway.stop(), 0);
      assert.match(upstream.stray(), strayMayBe, 'bytes reached the upstream that are no request');
      assert.deepEqual(gateway.logs, []);
      await upstream.close();
    },
  };
}

/** The gateway's own questions look like no request of a peer: these have no `Accept`, unless a test says so. */
function assertOwnQuestion({ method, target, headers }: Recorded): void {
  assert.equal(method, 'GET');
  assert.match(target, /^\/(?:_session|[A-Za-z0-9_%-]+\/_security)?$/);
  const names = [...headers.keys()].filter((name) => target !== '/' || name !== 'authorization');
  assert.deepEqual(
    names.sort(),
    QUESTION_HEADERS.filter((name) => target !== '/' || name !== 'authorization'),
  );
  assert.deepEqual(headers.get('accept'), ['application/json']);
}

const TELLING_HEADERS = ['server', 'set-cookie', 'www-authenticate', 'location', 'x-powered-by'];

/** Fails unless `reply` is the refusal with `status`, in CouchDB's form, with nothing after it. */
export function assertRefused(reply: RawReply | null, status: number): void {
  assert.ok(reply, 'closed without a reply');
  assert.equal(reply.status, status);
  assert.equal(reply.rest.length, 0, 'something came after the reply');
  for (const name of TELLING_HEADERS) assert.equal(reply.headers.get(name), undefined);
  if (reply.body.length === 0) return;
  assert.equal(reply.headers.get('content-type'), 'application/json');
  const body = JSON.parse(reply.body.toString('utf8')) as Record<string, unknown>;
  assert.deepEqual(Object.keys(body), ['error', 'reason']);
}
