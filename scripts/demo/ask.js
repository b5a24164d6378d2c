// Asks a database one question from within the namespace that it is in: the question on stdin, the answer on stdout.
import { text } from 'node:stream/consumers';

const { url, method, authorization, body } = JSON.parse(await text(process.stdin));
const reply = await fetch(url, {
  method,
  headers: { authorization, 'content-type': 'application/json' },
  body: body === undefined ? undefined : JSON.stringify(body),
}).catch(() => Response.json({ error: 'unreachable' }));
process.stdout.write(await reply.text());
