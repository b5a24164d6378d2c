// Asks one HTTP question from within another network namespace: {url, method, headers, body} as JSON on stdin, {status,
// body} as JSON on stdout, with status 0 where nobody answered.
import { text } from 'node:stream/consumers';

interface Asked {
  readonly url: string;
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
}

const { url, ...asked } = JSON.parse(await text(process.stdin)) as Asked;
const reply = await fetch(url, asked).catch(() => null);
const [status, body] = reply === null ? [0, ''] : [reply.status, await reply.text()];
process.stdout.write(JSON.stringify({ status, body }));
