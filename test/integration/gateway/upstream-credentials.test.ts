// Who the upstream takes a credential for: nothing goes up before that is known to be right, and the peer never sees
// the upstream's 401.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { isEvent } from '../../kit/gateway.js';
import { assertRefused, startLab } from '../../kit/lab.js';
import { get } from '../../kit/raw-client.js';
import { jsonReply, type Recorded } from '../../kit/recording-upstream.js';
import { eventually } from '../../kit/until.js';

const DOCUMENT = '/couch/dmedia-0/doc';
const ATTACHMENT = '/couch/dmedia-0/doc/movie.mov';
const LOCAL = '/couch/dmedia-0/_local/x';
const FEED = '/couch/dmedia-0/_changes?feed=continuous';

suite('who the upstream takes a credential for', () => {
  const GRACES = '/couch/dmedia-0-novel/doc';

  test('its 401 is 403 while the session still passes', async (t) => {
    const lab = await startLab();
    t.after(() => lab.close());
    lab.upstream.answer = () =>
      jsonReply(401, { error: 'unauthorized' }, 'WWW-Authenticate: Basic realm="x"\r\n');
    for (const target of [DOCUMENT, ATTACHMENT, LOCAL, FEED])
      assertRefused(await lab.ask('ada', get(target)), 403);
    lab.upstream.answer = () => jsonReply(200, {});
    assert.equal((await lab.ask('ada', get(DOCUMENT)))?.status, 200);
    assert.deepEqual(lab.gateway.seen.filter(isEvent('warning', { code: 'credential' })), []);
  });

  test('its 401 is 502 when the session fails too; then that role has 503, and the launcher a warning', async (t) => {
    const lab = await startLab();
    t.after(() => lab.close());
    const { session } = lab.upstream;
    const isAdas = (authorization = ''): boolean =>
      authorization.includes(Buffer.from('patchcord-own:').toString('base64').slice(0, 16));
    lab.upstream.session = (authorization) =>
      isAdas(authorization) ? { status: 401, name: null, roles: [] } : session(authorization);
    lab.upstream.answer = ({ headers }: Recorded) =>
      jsonReply(isAdas(headers.get('authorization')?.[0]) ? 401 : 200, {});
    assertRefused(await lab.ask('ada', get(DOCUMENT)), 502);
    await lab.gateway.until(isEvent('warning', { code: 'credential', about: 'own' }));
    const { sent } = await lab.sentDuring(async () =>
      assertRefused(await lab.ask('ada', get(DOCUMENT)), 503),
    );
    assert.deepEqual(sent, []);
    assert.equal((await lab.ask('grace', get(GRACES)))?.status, 200);

    // One that was refused is not tried again and again: a reload says that it was mended.
    lab.upstream.session = session;
    lab.upstream.answer = () => jsonReply(200, {});
    await lab.gateway.call('reload', { couchdb: lab.env.couchdb });
    assert.equal((await lab.ask('ada', get(DOCUMENT)))?.status, 200);
  });

  for (const [what, session, code] of [
    ['nobody', { status: 200, name: null, roles: [] }, 'credential'],
    ['someone else', { status: 200, name: 'patchcord-novel', roles: [] }, 'credential'],
    ['no one it would tell', { status: 500, name: null, roles: [] }, 'upstream-down'],
  ] as const) {
    test(`for ${what}: the role has 503 and the launcher a warning, until it is mended`, async (t) => {
      const lab = await startLab({
        upstream: (upstream) => void (upstream.session = () => ({ ...session, roles: [...session.roles] })),
      });
      t.after(() => lab.close());
      await lab.gateway.until(isEvent('warning', { code }));
      const { sent } = await lab.sentDuring(async () =>
        assertRefused(await lab.ask('ada', get(DOCUMENT)), 503),
      );
      assert.deepEqual(sent, []);
      lab.upstream.session = () => ({ status: 200, name: 'patchcord-own', roles: [] });
      await eventually(async () => ((await lab.ask('ada', get(DOCUMENT)))?.status === 200 ? true : null));
    });
  }

  test('for a server administrator: fatal, exit 78', async () => {
    await assert.rejects(
      startLab({
        upstream: (upstream) => {
          upstream.session = () => ({ status: 200, name: 'patchcord-own', roles: ['_admin'] });
        },
      }),
      { name: 'GatewayError', exitCode: 78 },
    );
  });

  test('for one later on: it stops, and lets nothing through', async () => {
    const lab = await startLab();
    lab.upstream.session = () => ({ status: 200, name: 'patchcord-own', roles: ['_admin'] });
    lab.upstream.answer = () => jsonReply(401, {});
    assert.notEqual((await lab.ask('ada', get(DOCUMENT)))?.status, 200);
    assert.equal(await lab.gateway.exited, 78);
    assert.deepEqual(
      lab.gateway.seen
        .filter(isEvent('fatal'))
        .flatMap((event) => (event.event === 'fatal' ? event.problems : []))
        .map(({ path }) => path),
      ['$.couchdb.credentials.own'],
    );
    await lab.upstream.close();
  });

  for (const [what, security] of [
    ['by name', { admins: { names: ['patchcord-own'], roles: [] } }],
    ['by role', { admins: { names: [], roles: ['patchcord:own'] } }],
  ] as const) {
    test(`for the administrator of a database, ${what}: 503 and a warning without "design", and let through with it`, async (t) => {
      const lab = await startLab({
        upstream: (upstream) => {
          upstream.security = security;
          upstream.session = (authorization) =>
            authorization === undefined
              ? { status: 200, name: null, roles: [] }
              : {
                  status: 200,
                  name: Buffer.from(authorization.slice(6), 'base64').toString().split(':')[0] ?? null,
                  roles: ['patchcord:own'],
                };
        },
      });
      t.after(() => lab.close());
      const { sent } = await lab.sentDuring(async () => {
        assertRefused(await lab.ask('ada', get('/couch/dmedia-0-x/doc')), 503);
        assertRefused(await lab.ask('ada', get('/couch/dmedia-0-x')), 503);
      });
      assert.deepEqual(sent, []);
      const isWarning = isEvent('warning', { code: 'database-admin', about: 'own-device' });
      await lab.gateway.until(isWarning);
      assert.equal(lab.gateway.seen.filter(isWarning).length, 1);
      // The role has `design` on this one.
      assert.equal((await lab.ask('ada', get(DOCUMENT)))?.status, 200);
    });
  }
});
