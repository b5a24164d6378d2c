// A gateway that says what a test tells it to: in the place of the real executable, in a copy of the package. It
// answers each call as it was last told to, and tells the test what it was asked. It writes no file: none may.
import { createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

const time = (): string => new Date().toISOString();
const say = (value: object): void => void process.stdout.write(`${JSON.stringify(value)}\n`);

interface Told {
  readonly raw?: string;
  readonly answer?: { readonly method: string; readonly with: object };
  /** Answered with itself, after all that came before it. */
  readonly ping?: number;
}

/** `socket` is where it is told what to say, and tells what it was asked. */
export function runFakeGateway(socket: string): void {
  const answers = new Map<string, object>();
  const asked: string[] = [];
  const tests = new Set<Socket>();
  let isFirst = true;
  createInterface({ input: process.stdin })
    .on('line', (line) => {
      asked.push(line);
      for (const test of tests) test.write(`${line}\n`);
      if (isFirst) {
        isFirst = false;
        say({
          event: 'ready',
          time: time(),
          listeners: [],
          confinedBy: [],
          peerStreams: { port: 1, fd: null },
        });
        return;
      }
      const { id, method } = JSON.parse(line) as { id: number; method: string };
      say({ jsonrpc: '2.0', id, ...(answers.get(method) ?? { result: {} }) });
    })
    .on('close', () => process.exit(0));
  createServer((test) => {
    tests.add(test.on('close', () => tests.delete(test)));
    for (const line of asked) test.write(`${line}\n`);
    createInterface({ input: test }).on('line', (line) => {
      const told = JSON.parse(line) as Told;
      if (told.raw !== undefined) process.stdout.write(told.raw);
      if (told.answer !== undefined) answers.set(told.answer.method, told.answer.with);
      if (told.ping !== undefined) test.write(`${line}\n`);
    });
  }).listen(socket);
}
