// Pairing in a running `up`: one run at a time, for the command that asked for it.
import type { SharedDatabase } from '../../core/pairing/launcher/grant.js';
import { isDatabaseName } from '../../core/policy/policy.js';
import { Failure } from '../cli/failure.js';
import { noName } from '../databases/refusals.js';
import type { SeenEvent } from '../gateway-events.js';
import type { Membership } from '../directory/membership.js';
import type { Paths } from '../home/paths.js';
import type { Requests } from '../directory/requests.js';
import { requireCaKey } from '../home/ca-key.js';
import { addDevice } from './add-device.js';
import { createPairEvents, type PairControl } from './control.js';
import type { OfferTarget } from './offer.js';
import { createOffers, type SeenOffer } from './offers.js';
import { shareDatabases } from './share-databases.js';
import {
  ABSENT_MS,
  createTalk,
  problemOf,
  type Answer,
  type Ended,
  type Talk,
  type TalkMessage,
} from './talk.js';

export interface PairingMethods {
  /** Opens an offer to join this user. */
  readonly 'pair-add': [params: { keyPassphrase: string | null }, answer: object];
  /** Opens an offer to share, or takes one. */
  readonly 'pair-share': [
    params: {
      databases: readonly SharedDatabase[];
      take: { offer: OfferTarget; code: string } | null;
    },
    answer: object,
  ];
  readonly 'pair-offers': [params: object, answer: { readonly offers: readonly SeenOffer[] }];
  readonly 'pair-next': [params: { seen: number }, answer: { readonly messages: readonly TalkMessage[] }];
  readonly 'pair-answer': [params: Answer, answer: object];
  readonly 'pair-stop': [params: object, answer: object];
}

export type PairingHandlers = {
  readonly [Method in keyof PairingMethods]: (
    params: PairingMethods[Method][0],
  ) => Promise<PairingMethods[Method][1]>;
};

export interface DeskOptions {
  /** One of the gateway's methods. */
  readonly call: PairControl['call'];
  readonly paths: Paths;
  readonly membership: Membership;
  readonly requests: Requests;
  /** What others are told that this device is. */
  readonly label: () => string;
  /** The database of statements, which is never shared. */
  readonly directory: string;
  readonly now: () => Date;
}

export interface Desk {
  /** Is told every event of the gateway. */
  readonly note: (event: SeenEvent) => void;
  readonly handlers: PairingHandlers;
  close(): Promise<void>;
}

export function createDesk(options: DeskOptions): Desk {
  const { call, paths, membership, requests, directory, now } = options;
  const offers = createOffers(() => performance.now());
  const events = createPairEvents();
  const control: PairControl = { call, onEvent: events.onEvent };
  let talk: Talk | null = null;
  let running: Promise<void> | null = null;

  function begin(run: (mine: ReturnType<typeof createTalk>) => Promise<Ended>): object {
    if (running !== null)
      throw new Failure('unavailable', 'pairing-busy', 'another pairing is under way', {
        hint: 'Finish that one first.',
      });
    const mine = createTalk(ABSENT_MS);
    talk = mine;
    running = tellEnd(mine, run(mine)).finally(() => (running = null));
    return {};
  }
  const common = () => ({ control, paths, membership, label: options.label(), now });
  const current = (): Talk => {
    if (talk !== null) return talk;
    throw new Failure('unavailable', 'no-pairing', 'no pairing is under way');
  };

  return {
    note(event) {
      offers.note(event);
      events.note(event);
    },
    handlers: {
      async 'pair-add'({ keyPassphrase }) {
        await requireCaKey(paths);
        return begin((mine) => addDevice({ ...common(), talk: mine, keyPassphrase }));
      },
      'pair-share': ({ databases, take }) =>
        new Promise((resolve) => {
          for (const { name } of databases) requireShareable(name, directory);
          resolve(begin((mine) => shareDatabases({ ...common(), requests, talk: mine, databases, take })));
        }),
      'pair-offers': () => Promise.resolve({ offers: offers.list('share') }),
      'pair-next': async ({ seen }) => ({ messages: await current().next(seen) }),
      async 'pair-answer'(answer) {
        await current().answer(answer);
        return {};
      },
      async 'pair-stop'() {
        await current().stop();
        return {};
      },
    },
    async close() {
      await talk?.stop();
      await running;
    },
  };
}

/** However a run comes out, its person is told. */
export async function tellEnd(
  talk: { tell: (message: TalkMessage) => void },
  run: Promise<Ended>,
): Promise<void> {
  try {
    talk.tell(await run);
  } catch (error) {
    talk.tell(problemOf(error));
    talk.tell({ event: 'ended', outcome: 'failed', reason: null, clocks: null, name: null });
  }
}

function requireShareable(name: string, directory: string): void {
  if (!isDatabaseName(name)) throw noName(name);
  if (name === directory)
    throw new Failure('data', 'directory', `${name} is this user’s own directory, and is not shared`, {
      hint: 'Leave it out.',
    });
}
