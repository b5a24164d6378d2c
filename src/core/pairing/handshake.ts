// The proof of the code, messages 1 to 6: nonces, shares, tags. Each step says what goes out and what may come next.
import type { PairEndReason } from '../control/pairing.js';
import {
  confirmationTag,
  isConfirmed,
  scalarMultVfy,
  sessionKey,
  shareOf,
  type CpaceShare,
} from './cpace.js';
import type { ExchangeOptions } from './exchange-words.js';
import {
  formatAd,
  parseAd,
  type AssociatedData,
  type RefusalReason,
  type WireMessage,
  type WireType,
} from './wire.js';

/** What may come now; anything else ends the run. */
export type Expected = {
  readonly [Type in WireType]?: (message: Extract<WireMessage, { type: Type }>) => HandshakeStep;
};

export interface Proof {
  readonly isk: Uint8Array;
  readonly sid: Uint8Array;
  readonly other: AssociatedData;
}

export interface HandshakeStep {
  readonly say: readonly WireMessage[];
  readonly then: { readonly expect: Expected } | { readonly proof: Proof } | { readonly end: PairEndReason };
}

const end = (reason: PairEndReason): HandshakeStep => ({ say: [], then: { end: reason } });
/** Ends it at B, and says so in clear. */
const refuse = (reason: RefusalReason): HandshakeStep => ({
  say: [{ type: 'refuse', reason }],
  then: { end: reason },
});
const go = (expect: Expected, ...say: readonly WireMessage[]): HandshakeStep => ({ say, then: { expect } });

export const beginHandshake = (options: ExchangeOptions): HandshakeStep =>
  options.side === 'A' ? beginA(options) : beginB(options);

/** B may refuse at any moment before it proved anything. */
const refused: Expected = { refuse: ({ reason }) => end(reason) };

function beginA(options: ExchangeOptions): HandshakeStep {
  const { nonce } = options;
  return go(
    { ...refused, nonce: (of) => sayShareA(options, sidOf(nonce, of.nonce)) },
    { type: 'nonce', nonce },
  );
}

function sayShareA(options: ExchangeOptions, sid: Uint8Array): HandshakeStep {
  const own = ownShare(options, sid);
  return go(
    {
      ...refused,
      share: ({ share, ad }) => {
        const other = readOther(options, ad);
        if (typeof other === 'string') return end(other);
        const isk = keyOfA(options, sid, own, { point: share, ad });
        return isk === null ? end('protocol') : sayTagA({ isk, sid, other }, own, { point: share, ad });
      },
    },
    { type: 'share', share: own.point, ad: own.ad },
  );
}

function sayTagA(proof: Proof, own: CpaceShare, theirs: CpaceShare): HandshakeStep {
  const { isk, sid } = proof;
  return go(
    {
      ...refused,
      tag: ({ tag }) => (isConfirmed(tag, sid, isk, theirs) ? { say: [], then: { proof } } : end('unproved')),
    },
    { type: 'tag', tag: confirmationTag(sid, isk, own) },
  );
}

function beginB(options: ExchangeOptions): HandshakeStep {
  const { nonce } = options;
  return go({
    nonce: (of) => go(forShareA(options, sidOf(of.nonce, nonce)), { type: 'nonce', nonce }),
  });
}

function forShareA(options: ExchangeOptions, sid: Uint8Array): Expected {
  return {
    share: ({ share, ad }) => {
      const other = readOther(options, ad);
      if (other === 'protocol') return end(other);
      if (typeof other === 'string') return refuse(other);
      const [own, theirs] = [ownShare(options, sid), { point: share, ad }];
      const k = scalarMultVfy(options.scalar, share);
      if (k === null) return end('protocol');
      const proof = { isk: sessionKey(sid, k, theirs, own), sid, other };
      return go(forTagA(options, proof, own, theirs), { type: 'share', share: own.point, ad: own.ad });
    },
  };
}

/** B checks first, and has said nothing that is made of the key before. */
function forTagA(options: ExchangeOptions, proof: Proof, own: CpaceShare, theirs: CpaceShare): Expected {
  const { isk, sid } = proof;
  return {
    tag: ({ tag }) =>
      isConfirmed(tag, sid, isk, theirs)
        ? { say: [{ type: 'tag', tag: confirmationTag(sid, isk, own) }], then: { proof } }
        : refuse(options.wrongCode ?? 'wrong-code'),
  };
}

const sidOf = (nonceA: Uint8Array, nonceB: Uint8Array): Uint8Array => Buffer.concat([nonceA, nonceB]);

const ownShare = (options: ExchangeOptions, sid: Uint8Array): CpaceShare => ({
  point: shareOf({ prs: Buffer.from(options.code), ci: options.ci, sid }, options.scalar),
  ad: formatAd(options),
});

/** What the other side says of itself: it must be the other side, of a run of the same kind. */
function readOther(
  { kind, side }: ExchangeOptions,
  ad: Uint8Array,
): AssociatedData | 'other-version' | 'other-kind' | 'protocol' {
  const other = parseAd(ad);
  if (typeof other === 'string') return other;
  if (other.side === side) return 'protocol';
  return other.kind === kind ? other : 'other-kind';
}

function keyOfA(
  { scalar }: ExchangeOptions,
  sid: Uint8Array,
  own: CpaceShare,
  theirs: CpaceShare,
): Uint8Array | null {
  const k = scalarMultVfy(scalar, theirs.point);
  return k && sessionKey(sid, k, own, theirs);
}
