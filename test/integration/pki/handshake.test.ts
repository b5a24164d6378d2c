// Two leaves of one user meet over TLS 1.3, each showing its own; a stranger's server is told apart.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { createTestPki, type TestLeaf } from '../../kit/pki.js';

const { ada, stranger } = createTestPki();

const options = (leaf: TestLeaf) => ({
  cert: leaf.certPem,
  key: leaf.keyPem,
  ca: ada.ca.certPem,
  minVersion: 'TLSv1.3' as const,
});

interface Meeting {
  readonly client: TLSSocket;
  readonly server: TLSSocket;
}

async function meet(
  serverLeaf: TestLeaf,
  clientLeaf: TestLeaf,
  judge: (meeting: Meeting) => void,
): Promise<void> {
  const listener = createServer({ ...options(serverLeaf), requestCert: true, rejectUnauthorized: false });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const arrived = once(listener, 'secureConnection') as Promise<[TLSSocket]>;
  const { port } = listener.address() as AddressInfo;
  const client = connect({
    ...options(clientLeaf),
    host: '127.0.0.1',
    port,
    servername: `${serverLeaf.deviceId}.patchcord.internal`,
    rejectUnauthorized: false,
  });
  await once(client, 'secureConnect');
  const [server] = await arrived;
  try {
    judge({ client, server });
  } finally {
    client.destroy();
    server.destroy();
    listener.close();
    await once(listener, 'close');
  }
}

test('two leaves of one user shake hands over TLS 1.3, each known to the other', () =>
  meet(ada.laptop, ada.desktop, ({ client, server }) => {
    assert.equal(client.getProtocol(), 'TLSv1.3');
    assert.equal(client.authorized, true, String(client.authorizationError));
    assert.equal(server.authorized, true, String(server.authorizationError));
    assert.equal(client.getPeerCertificate().subject.CN, ada.laptop.deviceId);
    assert.equal(server.getPeerCertificate().subject.CN, ada.desktop.deviceId);
  }));

test('a leaf of a stranger is authorized at neither end', async () => {
  await meet(ada.laptop, stranger.laptop, ({ server }) => assert.equal(server.authorized, false));
  await meet(stranger.laptop, ada.laptop, ({ client }) => assert.equal(client.authorized, false));
});
