// `share` and `accept`: two users trust each other's CA for the databases that each has named. What is granted comes from
// the own person's list, never from a message.
import { randomBytes } from 'node:crypto';
import type { Grant, SharedDatabase } from '../../core/pairing/launcher/grant.js';
import { NONCE_BYTES } from '../../core/pairing/launcher/messages.js';
import { createShare } from '../../core/pairing/launcher/share.js';
import type { Requests } from '../directory/requests.js';
import { caKeyKind } from '../home/ca-key.js';
import type { Membership } from '../directory/membership.js';
import { signShare } from '../directory/sign.js';
import type { Paths } from '../home/paths.js';
import type { PairControl } from './control.js';
import { driveRun } from './drive.js';
import { beginOffer, beginTaking, OFFER_MS, type OfferTarget } from './offer.js';
import { openCaFor } from './passphrases.js';
import type { Ended, Teller } from './talk.js';

export interface ShareDatabasesOptions {
  readonly control: PairControl;
  readonly talk: Teller;
  readonly paths: Paths;
  readonly membership: Membership;
  /** Where the user CA key is on another device. */
  readonly requests: Requests;
  readonly label: string;
  /** What this person offers. */
  readonly databases: readonly SharedDatabase[];
  /** Null makes an offer, else this one is taken. */
  readonly take: { readonly offer: OfferTarget; readonly code: string } | null;
  readonly now: () => Date;
}

export function shareDatabases(options: ShareDatabasesOptions): Promise<Ended> {
  const { membership, databases, take } = options;
  const launcher = createShare({
    side: take === null ? 'B' : 'A',
    caPem: membership.identity().caPem,
    databases,
    nonce: randomBytes(NONCE_BYTES),
  });
  const kind = 'share';
  return driveRun({
    ...options,
    talk: tellingBefore(options),
    begin: () =>
      take === null ? beginOffer({ ...options, kind }) : beginTaking({ ...options, ...take, kind }),
    launcher,
    deeds: { grant: (agreed, over) => grant(options, agreed, over) },
    endsInMs: OFFER_MS,
  });
}

/** The person is asked with what the share would take the place of. */
function tellingBefore({ talk, membership, databases }: ShareDatabasesOptions): Teller {
  const { shares } = membership.directory().local().record;
  return {
    tell: (message) => talk.tell(message),
    ask(message) {
      if (message.event !== 'compare' || message.question.about !== 'share') return talk.ask(message);
      const { payload } = shares.get(message.question.userId) ?? {};
      if (payload === undefined || payload.databases.length === 0) return talk.ask(message);
      return talk.ask({ ...message, before: { ends: endedBy(payload.databases, databases) } });
    },
    stopped: talk.stopped,
  };
}

/** What of the one list the other does not give. */
const endedBy = (before: readonly SharedDatabase[], next: readonly SharedDatabase[]): SharedDatabase[] =>
  before.filter(
    ({ name, access }) =>
      !next.some((given) => given.name === name && (given.access === access || given.access === 'write')),
  );

async function grant(
  { talk, paths, membership, requests, now }: ShareDatabasesOptions,
  { theirs, mine }: { readonly theirs: Grant; readonly mine: readonly SharedDatabase[] },
  over: AbortSignal,
): Promise<void> {
  const agreed = { peerUserId: theirs.ca.userId, ca: theirs.ca.pem, databases: [...mine] };
  if ((await caKeyKind(paths)) === 'none') {
    talk.tell({ event: 'waits', request: await requests.ask({ type: 'share-request', ...agreed }) });
    return;
  }
  const ca = await openCaFor(talk, paths, membership.identity());
  over.throwIfAborted();
  await signShare({ directory: membership.directory(), ca, now: now() }, agreed);
}
