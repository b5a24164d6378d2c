// The embedded server's process: takes its config as the first line of stdin, serves on loopback, and ends with its
// parent. What goes wrong unforeseen ends it; the parent starts it again.
import { setMaxListeners } from 'node:events';
import type { AddressInfo } from 'node:net';
import {
  EXIT_CODES,
  MAX_MESSAGE_BYTES,
  parseChildConfig,
  type ChildConfig,
  type ChildMessage,
  type FatalCode,
} from './messages.js';
import { loadPackages, PackagesMissing } from './packages.js';
import { createCouchServer, type CouchServer } from './server.js';

const HOST = '127.0.0.1';
const DRAIN_MS = 3_000;
/** Each feed listens to its database and for the server's end: more than Node's 10 are no leak. */
const MAX_LISTENERS = 1_024;

function tell(message: ChildMessage): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

function end(code: FatalCode, reason: string): never {
  tell({ event: 'fatal', code, reason });
  process.exit(EXIT_CODES[code]);
}

/** The first line of stdin; null when there is none within bounds. */
async function readFirstLine(): Promise<string | null> {
  let text = '';
  for await (const chunk of process.stdin.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    text += chunk as string;
    const lineEnd = text.indexOf('\n');
    if (lineEnd >= 0) return text.slice(0, lineEnd);
    if (text.length > MAX_MESSAGE_BYTES) break;
  }
  return null;
}

async function createServer({ folder, admin }: ChildConfig): Promise<CouchServer> {
  try {
    return await createCouchServer(await loadPackages(), folder, admin);
  } catch (error) {
    if (error instanceof PackagesMissing) end('packages-missing', error.message);
    end('folder', `the folder cannot be used: ${String(error)}`);
  }
}

async function main(): Promise<void> {
  setMaxListeners(MAX_LISTENERS);
  const config = parseChildConfig((await readFirstLine()) ?? '');
  if (config === null) end('config', 'the first line on stdin is not the config');
  const server = await createServer(config);
  stopWithParent(server);
  server.http.on('error', (error) => end('port-taken', `the port cannot be listened on: ${error.message}`));
  server.http.listen(config.port, HOST, () =>
    tell({ event: 'listening', port: (server.http.address() as AddressInfo).port }),
  );
}

function stopWithParent(server: CouchServer): void {
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    void server.close(DRAIN_MS).finally(() => process.exit());
  };
  process.on('SIGTERM', stop);
  // A terminal sends it to the parent too, which decides.
  process.on('SIGINT', () => undefined);
  process.stdin.on('end', stop).resume();
}

await main();
