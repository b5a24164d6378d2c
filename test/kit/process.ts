// The gateway as a bare process, for what its launcher would hide: broken lines, signals, exit codes.
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const GATEWAY_BIN = fileURLToPath(new URL('../../bin/patchcord-gateway', import.meta.url));

export interface BareGateway {
  readonly child: ChildProcessWithoutNullStreams;
  /** Lines of stdout so far, parsed. */
  readonly lines: readonly Record<string, unknown>[];
  readonly stderr: () => string;
  readonly exited: Promise<number | null>;
  write(text: string): void;
  until(matches: (line: Record<string, unknown>) => boolean): Promise<Record<string, unknown>>;
}

/** Starts the executable and writes `input` to its stdin, which stays open. */
export function spawnGateway(input: string, env: NodeJS.ProcessEnv = {}): BareGateway {
  const child = spawn(process.execPath, [GATEWAY_BIN], { env, stdio: 'pipe' });
  const lines: Record<string, unknown>[] = [];
  const waiting = new Set<() => void>();
  let rest = '';
  let stderr = '';
  child.stderr.on('data', (bytes: Buffer) => (stderr += bytes.toString('utf8')));
  child.stdout.on('data', (bytes: Buffer) => {
    const pieces = (rest + bytes.toString('utf8')).split('\n');
    rest = pieces.pop() ?? '';
    for (const piece of pieces) lines.push(JSON.parse(piece) as Record<string, unknown>);
    for (const look of waiting) look();
  });
  child.stdin.on('error', () => undefined);
  const exited = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  child.stdin.write(input);
  return {
    child,
    lines,
    stderr: () => stderr,
    exited,
    write: (text) => void child.stdin.write(text),
    until: (matches) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = lines.find(matches);
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
        void exited.then((code) => reject(new Error(`the gateway ended (${String(code)}) first: ${stderr}`)));
      }),
  };
}
