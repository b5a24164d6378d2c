// `share`, at both sides: each commits to its own user CA and to the databases that its own person offers, opens them,
// and keeps what the other opened only after both people said yes. What is granted comes from the own list alone.
import { commitmentOf, isCommitted, shareDigits } from './digits.js';
import { formatGrant, parseGrant, type Grant, type SharedDatabase } from './grant.js';
import {
  after,
  createLauncher,
  end,
  go,
  refuse,
  send,
  type Expected,
  type Launcher,
  type Proved,
  type Step,
} from './launcher.js';
import { whenBothAgree, whenProved } from './steps.js';

export interface ShareOptions {
  /** A took the offer (`accept`), B made it (`share`). */
  readonly side: 'A' | 'B';
  /** The own user CA certificate, PEM. */
  readonly caPem: string;
  /** What the own person offers. */
  readonly databases: readonly SharedDatabase[];
  /** 32 random bytes, for this run alone. */
  readonly nonce: Uint8Array;
}

/** Throws `RangeError` for a list of databases that is too long for a message. */
export function createShare({ side, caPem, databases, nonce }: ShareOptions): Launcher {
  const own = formatGrant(caPem, databases);
  const commit = send({ type: 'commit', commitment: commitmentOf(nonce, own) });
  const open = send({ type: 'open-grant', nonce, grant: own });

  return createLauncher(
    whenProved((proved) => (side === 'A' ? go(forCommitment(proved), commit) : go(forCommitment(proved)))),
  );

  // Nothing is opened by either side before both are bound.
  function forCommitment(proved: Proved): Expected {
    const answer = side === 'A' ? open : commit;
    return { message: { commit: ({ commitment }) => go(forGrant(proved, commitment), answer) } };
  }

  function forGrant({ label, userId, now }: Proved, commitment: Uint8Array): Expected {
    return {
      message: {
        'open-grant': (opened) => {
          if (!isCommitted(commitment, opened.nonce, opened.grant)) return refuse('commitment');
          const theirs = parseGrant(opened.grant, now);
          if (theirs === null || theirs.ca.userId !== userId || isOwn(theirs, now)) return refuse('ca');
          const question = {
            about: 'share',
            userId: theirs.ca.userId,
            mine: databases,
            theirs: theirs.databases,
          } as const;
          const digits =
            side === 'A'
              ? shareDigits(own, opened.grant, nonce, opened.nonce)
              : shareDigits(opened.grant, own, opened.nonce, nonce);
          const ask = { do: 'ask', digits, label, question } as const;
          const next = whenBothAgree(() => grant(label, theirs), sayYes);
          return side === 'A' ? go(next, ask) : go(next, open, ask);
        },
      },
    };
  }

  function isOwn(theirs: Grant, now: Date): boolean {
    return parseGrant(own, now)?.ca.userId === theirs.ca.userId;
  }

  function grant(label: string, theirs: Grant): Step {
    return go(forStored, { do: 'grant', label, theirs, mine: databases });
  }
}

const sayYes = send({ type: 'yes' });
const sayStored = send({ type: 'stored' });

/** The two may be done in either order. */
const forStored: Expected = {
  stored: () => go({ message: { stored: () => end('done') }, isInDoubt: true }, sayStored),
  message: { stored: () => go({ stored: () => after(sayStored, end('done')), isInDoubt: true }) },
  isInDoubt: true,
};
