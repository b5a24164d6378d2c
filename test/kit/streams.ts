// Two real gateways over loopback: one with peer streams, on Ada's laptop, and the peer that it dials, her desktop.
import http from 'node:http';
import type { LaunchOptions } from '../../dist/index.js';
import { createEnv, type EnvPlan } from './env.js';
import { startGateway, type TestGateway } from './gateway.js';
import { readReply, type PeerReply } from './peer.js';
import type { TestLeaf, TestPki } from './pki.js';

export const TOKEN = 'token-of-the-test-streams';

export interface HintedAddress {
  readonly address: string;
  readonly zone: string | null;
  readonly port: number;
}
export type Hints = Readonly<Record<string, readonly HintedAddress[]>>;

export const atLoopback = (port: number): HintedAddress => ({ address: '::1', zone: null, port });

/** The identity of another device in place of the laptop's. */
export const identityOf = (pki: TestPki, leaf: TestLeaf, name: string) => ({
  userId: pki.ada.ca.userId,
  deviceId: leaf.deviceId,
  name,
  cert: leaf.certPem,
  key: leaf.keyPem,
});

/** The gateway that is dialled: Ada's desktop, unless `leaf` says otherwise. */
export const peerEnv = (plan: EnvPlan & { leaf?: TestLeaf }) => {
  const { pki, leaf = pki.ada.desktop } = plan;
  return createEnv({ ...plan, more: { identity: identityOf(pki, leaf, "Ada's desktop"), ...plan.more } });
};

/** The gateway with peer streams, on Ada's laptop. */
export const streamsEnv = (pki: TestPki, addresses: Hints, more: Record<string, unknown> = {}, env = {}) =>
  createEnv({
    pki,
    couchUrl: 'http://127.0.0.1:9/',
    more: { peerStreams: { port: 0, tokens: { tests: TOKEN }, addresses, ...more }, ...env },
  });

export interface StreamsClient {
  readonly gateway: TestGateway;
  readonly port: number;
  ask(method: string, path: string, request?: StreamRequest): Promise<PeerReply>;
  open(method: string, path: string, request?: StreamRequest): Promise<http.IncomingMessage>;
  stop(): Promise<number | null>;
}

export interface StreamRequest {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | object;
}

export const authorization = (token = TOKEN, user = 'patchcord'): string =>
  `Basic ${Buffer.from(`${user}:${token}`).toString('base64')}`;

export async function startStreams(env: unknown, options: LaunchOptions = {}): Promise<StreamsClient> {
  const gateway = await startGateway(env, options);
  const port = (gateway.ready as unknown as { peerStreams: { port: number } }).peerStreams.port;
  const agent = new http.Agent({ keepAlive: true });
  const open: StreamsClient['open'] = (method, path, { headers = {}, body } = {}) =>
    new Promise((resolve, reject) => {
      const bytes = body === undefined || Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
      const type = bytes === body ? {} : { 'content-type': 'application/json' };
      const length = bytes === undefined ? {} : { 'content-length': bytes.length };
      const sent = http.request({
        host: '127.0.0.1',
        port,
        agent,
        method,
        path,
        headers: { authorization: authorization(), ...type, ...length, ...headers },
      });
      sent.once('response', resolve).once('error', reject);
      sent.end(bytes);
    });
  return {
    gateway,
    port,
    open,
    ask: async (method, path, request) => readReply(await open(method, path, request)),
    async stop() {
      agent.destroy();
      return gateway.stop();
    },
  };
}
