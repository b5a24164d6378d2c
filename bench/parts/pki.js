// One user with a serving and a calling device, made anew for each run.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createDeviceKey } from '../../dist/adapters/pki/keys.js';
import { createUserCa, issueLeaf } from '../../dist/adapters/pki/user-ca.js';
import { deviceIdOf } from '../../dist/core/ids.js';

/** PEM files in `folder`: what every server and every client of a run is given. */
export function makePki(folder) {
  const now = new Date();
  const ca = createUserCa({ now });
  const device = (name) => {
    const { keyPem, publicKey } = createDeviceKey();
    const certPem = issueLeaf({ ca, publicKey, now });
    return { name, keyPem, certPem, deviceId: deviceIdOf(publicKey) };
  };
  const [server, client] = [device('server'), device('client')];
  mkdirSync(folder, { recursive: true });
  const files = { ca: join(folder, 'ca.pem') };
  writeFileSync(files.ca, ca.certPem);
  for (const { name, keyPem, certPem } of [server, client]) {
    files[`${name}Cert`] = join(folder, `${name}.pem`);
    files[`${name}Key`] = join(folder, `${name}.key`);
    files[`${name}Both`] = join(folder, `${name}-both.pem`);
    writeFileSync(files[`${name}Cert`], certPem);
    writeFileSync(files[`${name}Key`], keyPem, { mode: 0o600 });
    writeFileSync(files[`${name}Both`], certPem + keyPem, { mode: 0o600 });
  }
  return { ca, server, client, files, userId: ca.userId };
}
