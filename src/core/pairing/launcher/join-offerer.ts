// `join`, at the device that holds the user CA key: learns what the new device wants signed, asks its person, signs once.
import type { DeviceId } from '../../ids.js';
import { isCommitted, joinDigits } from './digits.js';
import {
  createLauncher,
  end,
  go,
  refuse,
  send,
  type Expected,
  type Launcher,
  type Proved,
} from './launcher.js';
import { fitIssuedLeaf } from './messages.js';
import { whenBothAgree, whenProved } from './steps.js';

export interface JoinOffererOptions {
  /** The own user CA certificate. */
  readonly caDer: Uint8Array;
  /** 32 random bytes, for this run alone. */
  readonly nonce: Uint8Array;
  /**
   * The device that this CSR (at most 4 KiB, a stranger's) is for; null where it is not to be signed: no proof of
   * possession, not on P-256, a revoked device, or the id of another device that is known. Pure.
   */
  readonly judgeCsr: (csr: Uint8Array) => DeviceId | null;
}

export function createJoinOfferer({ caDer, nonce, judgeCsr }: JoinOffererOptions): Launcher {
  return createLauncher(whenProved((proved) => go(forCommitment(proved))));

  function forCommitment({ label }: Proved): Expected {
    return {
      message: {
        commit: ({ commitment }) => go(forCsr(label, commitment), send({ type: 'ca', nonce, ca: caDer })),
      },
    };
  }

  function forCsr(label: string, commitment: Uint8Array): Expected {
    return {
      message: {
        'open-csr': (opened) => {
          if (!isCommitted(commitment, opened.nonce, opened.csr)) return refuse('commitment');
          const deviceId = judgeCsr(opened.csr);
          if (deviceId === null) return refuse('csr');
          const digits = joinDigits(opened.csr, caDer, opened.nonce, nonce);
          const question = { about: 'device', deviceId } as const;
          const request = { csr: opened.csr, deviceId, label };
          return go(
            whenBothAgree(() => go(forSignature, { do: 'sign', ...request })),
            { do: 'ask', digits, label, question },
          );
        },
      },
    };
  }
}

const forSignature: Expected = {
  signed: (issued) => go(forStored, send({ type: 'leaf', ...fitIssuedLeaf(issued) })),
  isInDoubt: true,
};

const forStored: Expected = { message: { stored: () => end('done') }, isInDoubt: true };
