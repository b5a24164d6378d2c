// What is asked on the link: who is there, and what is missing or about to end of what was heard.
import type { Entry } from './entry.js';
import { PAIR_QUESTION } from './pair-offers.js';
import type { InstanceName } from './instance-name.js';
import { SERVICE, serviceNameOf, type OwnRecord, type RawQuestion } from './records.js';

export interface Query {
  readonly questions: RawQuestion[];
  readonly answers: OwnRecord[];
}

/** Names in one query, known or asked about: so that it fits into one frame of Ethernet. */
export const MAX_NAMES_A_QUERY = 16;
const SECOND_MS = 1000;

/**
 * Asks who is there, and who offers to pair; lists who need not answer (RFC 6762 section 7.1): names that have half of their time left, and
 * whose device was reached there. A stranger who took the name first could else keep the device itself from answering.
 */
export function browseQuery(held: readonly Readonly<Entry>[], now: number): Query {
  const known = held.filter(
    ({ heardAt, expiresAt, standing, isLive }) =>
      (isLive || standing === 'proven') && (expiresAt - now) * 2 > expiresAt - heardAt,
  );
  const ttls = new Map(known.map(({ instance, expiresAt }) => [instance, expiresAt - now]));
  const answers = [...ttls].slice(0, MAX_NAMES_A_QUERY).map(([instance, ttlMs]): OwnRecord => ({
    name: SERVICE,
    type: 'PTR',
    ttl: Math.floor(ttlMs / SECOND_MS),
    data: serviceNameOf(instance),
  }));
  return { questions: [{ name: SERVICE, type: 'PTR' }, PAIR_QUESTION], answers };
}

/** Asks for what is missing of these names; at most `MAX_NAMES_A_QUERY` of them. */
export const resolveQuery = (instances: readonly InstanceName[]): Query => ({
  questions: instances.slice(0, MAX_NAMES_A_QUERY).flatMap((instance) => [
    { name: serviceNameOf(instance), type: 'SRV' },
    { name: serviceNameOf(instance), type: 'TXT' },
  ]),
  answers: [],
});
