// A CouchDB behind https, whose certificate is for a name and signed by a CA of its own.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { connect, type AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';
import { createServer } from 'node:tls';
import { after, before, describe, test } from 'node:test';
import {
  createTestHome,
  failureOf,
  isEvent,
  issueDevice,
  linesOf,
  patchcord,
  startUp,
  type TestHome,
} from '../../kit/agent.js';
import { tlsOf } from '../../kit/env.js';
import { createTestPki } from '../../kit/pki.js';
import { ask, get } from '../../kit/raw-client.js';
import { startUpstream, UPSTREAM_KINDS, type TestUpstream } from '../../kit/upstreams.js';
import { eventually } from '../../kit/until.js';

const { ada, grace } = createTestPki();
const serverName = `${ada.desktop.deviceId}.patchcord.internal`;

for (const kind of UPSTREAM_KINDS) {
  describe(`${kind} behind https`, () => {
    let couch: TestUpstream;
    let database: string;
    let url: string;
    const front = createServer({ ...tlsOf(ada.desktop), minVersion: 'TLSv1.3' });
    before(async () => {
      couch = await startUpstream(kind);
      database = await couch.createDatabase('https', {});
      front.on('secureConnection', (socket) => {
        const behind = connect(couch.port, '127.0.0.1');
        for (const each of [socket, behind]) each.on('error', () => undefined);
        pipeline(socket, behind, socket, () => undefined);
      });
      await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
      url = `https://127.0.0.1:${(front.address() as AddressInfo).port}/`;
    });
    after(async () => {
      front.close();
      await couch.close();
    });

    const env = (): NodeJS.ProcessEnv => ({
      PATCHCORD_COUCHDB_ADMIN: couch.admin.username,
      PATCHCORD_COUCHDB_PASSWORD: couch.admin.password,
    });
    function prepare(home: TestHome, trust: { serverName: string; ca: string }): void {
      const databases = [{ name: database, access: 'write' }];
      home.writeConfig({
        couchdb: { url, ...trust },
        directory: database,
        policy: {
          roles: { 'own-device': { databases, files: 'all', credentials: 'own' } },
          principals: [{ issuer: 'user', role: 'own-device' }],
        },
      });
    }
    const provision = (home: TestHome) => patchcord(home, ['provision', '--yes', '--json'], { env: env() });

    test('it is provisioned, served, and found to be well', async (t) => {
      const home = createTestHome(t);
      prepare(home, { serverName, ca: ada.ca.certPem });
      assert.equal((await provision(home)).code, 0);
      const up = await startUp(home, [], { env: env() });
      assert.ok(up.ready.couchdb.databases?.includes(database));
      const reply = await eventually(async () => {
        const asked = await ask(up.port, issueDevice(home), get(`/couch/${database}`));
        return asked?.status === 200 ? asked : null;
      });
      assert.equal((JSON.parse(reply.body.toString()) as { db_name: string }).db_name, database);
      const [status] = linesOf((await patchcord(home, ['status', '--json'])).stdout);
      assert.equal(typeof (status?.['couchdb'] as { version: unknown }).version, 'string');
      const found = linesOf((await patchcord(home, ['doctor', '--json'], { env: env() })).stdout);
      for (const check of ['couchdb', 'credentials', 'databases'])
        assert.equal(found.find((line) => line['check'] === check)?.['state'], 'good', check);
      up.kill('SIGTERM');
      await up.ended;
      assert.ok(!linesOf((await up.ended).stdout).some(isEvent('couchdb-lost')));
    });

    const others = {
      'another CA': { serverName, ca: grace.ca.certPem },
      'another name': { serverName: 'couch.internal', ca: ada.ca.certPem },
    };
    for (const [name, trust] of Object.entries(others)) {
      test(`${name} is not spoken with`, async (t) => {
        const home = createTestHome(t);
        prepare(home, trust);
        const refused = await provision(home);
        assert.deepEqual(
          [refused.code, failureOf(refused)],
          [69, 'couchdb'],
          refused.stdout + refused.stderr,
        );
        assert.ok(!existsSync(home.paths.credentials));
      });
    }
  });
}
