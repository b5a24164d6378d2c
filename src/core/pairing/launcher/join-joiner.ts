// `join`, at the device that has no leaf yet: shows its key, asks its person, and keeps a leaf only for that key, by
// the CA that the digits were made over, after the person's yes.
import type { DeviceId } from '../../ids.js';
import { readPem } from '../../env/trust.js';
import { flawOfSigned } from '../../leaf/judge.js';
import { commitmentOf, joinDigits } from './digits.js';
import { readUserCa, type UserCaCertificate } from './grant.js';
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
} from './launcher.js';
import type { IssuedLeaf } from './messages.js';
import { whenProved } from './steps.js';

export interface JoinJoinerOptions {
  /** DER, at most 4 KiB, for the key that this device has and keeps. */
  readonly csr: Uint8Array;
  /** The id of that key. */
  readonly deviceId: DeviceId;
  /** 32 random bytes, for this run alone. */
  readonly nonce: Uint8Array;
}

export function createJoinJoiner({ csr, deviceId, nonce }: JoinJoinerOptions): Launcher {
  const commit = send({ type: 'commit', commitment: commitmentOf(nonce, csr) });
  return createLauncher(whenProved((proved) => go(forCa(proved), commit)));

  function forCa({ label, userId, now }: Proved): Expected {
    return {
      message: {
        ca: (shown) => {
          const ca = readUserCa(shown.ca, now);
          if (ca === null || ca.userId !== userId) return refuse('ca');
          const digits = joinDigits(csr, ca.der, nonce, shown.nonce);
          const question = { about: 'user', userId: ca.userId } as const;
          return go(forAnswer(ca, now), send({ type: 'open-csr', nonce, csr }), {
            do: 'ask',
            digits,
            label,
            question,
          });
        },
      },
    };
  }

  function forAnswer(ca: UserCaCertificate, now: Date): Expected {
    return {
      answered: (yes) => (yes ? go(forLeaf(ca, now), send({ type: 'yes' })) : refuse('refused-here')),
    };
  }

  function forLeaf(ca: UserCaCertificate, now: Date): Expected {
    return {
      message: {
        leaf: ({ leaf, statements, caKey }) => {
          if (!isOwnLeaf(leaf, ca, now)) return refuse('leaf');
          const issued: IssuedLeaf = { leaf, statements, ...(caKey !== undefined && { caKey }) };
          return go(forStored, { do: 'store', issued, ca });
        },
      },
    };
  }

  function isOwnLeaf(leafPem: string, ca: UserCaCertificate, now: Date): boolean {
    const leaf = readPem(leafPem);
    if (leaf?.deviceId !== deviceId) return false;
    return flawOfSigned(leaf, leaf.x509.verify(ca.publicKey) ? [ca] : [], now) === null;
  }
}

const forStored: Expected = { stored: () => after(send({ type: 'stored' }), end('done')), isInDoubt: true };
