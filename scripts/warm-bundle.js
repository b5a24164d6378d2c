// Runs a bundle for a moment, so that what V8 makes of it holds the functions that a start needs, and keeps that beside
// it. The gateway gets an identity that nobody trusts, on loopback; the agent tells its help.
//   node scripts/warm-bundle.js gateway|agent
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import v8 from 'node:v8';
import { createDeviceKey } from '../dist/adapters/pki/keys.js';
import { createUserCa, issueLeaf } from '../dist/adapters/pki/user-ca.js';
import { deviceIdOf } from '../dist/core/ids.js';

const MAX_MS = 3000;
const [name] = process.argv.slice(2);
const folder = fileURLToPath(new URL(`../dist/${name}/`, import.meta.url));
// A program that sets flags of V8 is begun before it does, and V8 refuses code that was made under others.
v8.setFlagsFromString = () => undefined;
const { script, main } = createRequire(import.meta.url)(`${folder}start.cjs`);
process.on('exit', () => writeFileSync(`${folder}bundle.cache`, script.createCachedData()));
setTimeout(() => process.exit(), MAX_MS).unref();

function throwAwayEnv() {
  const now = new Date();
  const ca = createUserCa({ now });
  const { keyPem, publicKey } = createDeviceKey();
  return {
    version: 1,
    identity: {
      userId: ca.userId,
      deviceId: deviceIdOf(publicKey),
      name: 'build',
      cert: issueLeaf({ ca, publicKey, now }),
      key: keyPem,
    },
    trust: { cas: { user: ca.certPem } },
    listen: { on: 'loopback', port: 0 },
    couchdb: { url: 'http://127.0.0.1:1/', credentials: { own: { none: {} } } },
    policy: {
      roles: { own: { databases: [], files: 'all', credentials: 'own' } },
      principals: [{ issuer: 'user', role: 'own' }],
    },
  };
}

if (name === 'gateway') {
  const stdin = new PassThrough();
  Object.defineProperty(process, 'stdin', { value: stdin });
  stdin.write(`${JSON.stringify(throwAwayEnv())}\n`);
  process.stdout.write = (text, ...more) => {
    if (String(text).includes('"ready"')) stdin.end();
    more.at(-1)?.();
    return true;
  };
}
await main(['--help']);
