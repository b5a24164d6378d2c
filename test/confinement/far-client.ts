// A peer at the other end of the cable: asks a gateway at its link-local address over mutual TLS. Reads a plan as JSON
// from stdin, prints what came of it as JSON.
import { createHash } from 'node:crypto';
import { Agent, request } from 'node:https';
import type { LookupFunction } from 'node:net';
import { text } from 'node:stream/consumers';
import { readReply } from '../kit/peer.js';

export interface FarPlan {
  readonly address: string;
  readonly zone: string;
  readonly port: number;
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
  /** The name that its certificate is for. */
  readonly name: string;
  readonly asks: readonly {
    readonly method: string;
    readonly path: string;
    readonly headers?: Record<string, string>;
    readonly body?: string;
  }[];
  /** A database to pull. */
  readonly pull?: string;
}

export interface FarResult {
  readonly replies: readonly { readonly status: number; readonly sha256: string; readonly body: string }[];
  readonly pulled: number | null;
}

const MAX_TEXT = 2000;
/** In the place of a status, where the connection was closed without a byte of HTTP. */
const REFUSED = 0;

const plan = JSON.parse(await text(process.stdin)) as FarPlan;
const lookup: LookupFunction = (_name, options, done) => {
  const found = { address: `${plan.address}%${plan.zone}`, family: 6 };
  if (options.all === true) done(null, [found]);
  else done(null, found.address, found.family);
};
const { cert, key, ca, name, port } = plan;
const agent = new Agent({ keepAlive: true, cert, key, ca, servername: name, lookup });

async function ask({ method, path, headers = {}, body }: FarPlan['asks'][number]) {
  const reply = await new Promise<Parameters<typeof readReply>[0] | null>((resolve) => {
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    const sent = request({ host: name, port, agent, method, path, headers: { ...type, ...headers } });
    sent.once('response', resolve).once('error', () => resolve(null));
    sent.end(body);
  });
  if (reply === null) return { status: REFUSED, sha256: '', body: '' };
  const whole = await readReply(reply);
  const sha256 = createHash('sha256').update(whole.body).digest('hex');
  return { status: whole.status, sha256, body: whole.body.toString('latin1').slice(0, MAX_TEXT) };
}

async function pull(database: string): Promise<number> {
  // Takes long to load, and is seldom asked for.
  const { createPouchFolder, pouchOver } = await import('../kit/pouch.js');
  const folder = createPouchFolder();
  const copy = folder.create('copy');
  const url = `https://${name}:${port}/couch/${encodeURIComponent(database)}`;
  await copy.replicate.from(pouchOver(url, agent));
  const { doc_count } = await copy.info();
  await folder.close();
  return doc_count;
}

const replies: Awaited<ReturnType<typeof ask>>[] = [];
for (const one of plan.asks) replies.push(await ask(one));
const pulled = plan.pull === undefined ? null : await pull(plan.pull);
agent.destroy();
process.stdout.write(JSON.stringify({ replies, pulled } satisfies FarResult));
