// A gateway before an upstream that the test plays itself, and one peer that may write there.
import type { Ending } from '../../kit/ending.js';
import { startCouchGateway, type CouchGateway, type CouchPlan } from '../../kit/household.js';
import type { Peer } from '../../kit/peer.js';
import type { TestPki } from '../../kit/pki.js';
import { startStreamingUpstream, type StreamingUpstream } from '../../kit/streaming-upstream.js';

export const ATTACHMENT = '/couch/dmedia-0/doc/movie.mov';
export const OCTETS = { 'content-type': 'application/octet-stream' };

export interface Through {
  readonly upstream: StreamingUpstream;
  readonly through: CouchGateway;
  readonly peer: Peer;
}

/** All of it is ended with the suite. */
export async function startThrough(
  pki: TestPki,
  ending: Ending,
  limits: CouchPlan['limits'] = {},
): Promise<Through> {
  const upstream = await startStreamingUpstream();
  ending.add(() => upstream.close());
  const databases = [{ name: 'dmedia-0', access: 'write' }];
  const login = { username: 'patchcord-own', password: 'own-password-of-the-test' };
  const through = await startCouchGateway({ pki, url: upstream.url, login, databases, limits });
  ending.add(() => through.stop());
  return { upstream, through, peer: through.peer(pki.ada.desktop) };
}
