// Opens an offer, and says to the person where it stands: what `pair` and `share` begin with.
import { randomBytes } from 'node:crypto';
import { createThrowAwayLeaf } from '../../adapters/pki/throw-away-leaf.js';
import { MAX_OFFER_SECONDS, type PairKind, type RunId } from '../../core/control/pairing.js';
import {
  CODE_BYTES,
  createPairingCode,
  formatPairingCode,
  parsePairingCode,
} from '../../core/pairing/code.js';
import { isDeviceName } from '../../core/statements.js';
import { openOffer, takeOffer, type PairControl } from './control.js';
import type { Teller } from './talk.js';

const SECOND_MS = 1000;
export const OFFER_MS = MAX_OFFER_SECONDS * SECOND_MS;

export interface OfferOptions {
  readonly control: PairControl;
  readonly talk: Teller;
  readonly kind: PairKind;
  /** What the other person is told that this is. */
  readonly label: string;
  readonly now: () => Date;
}

export async function beginOffer({ control, talk, kind, label, now }: OfferOptions): Promise<RunId> {
  const code = createPairingCode(randomBytes(CODE_BYTES));
  const { certPem: leaf, keyPem: key } = createThrowAwayLeaf({ now: now() });
  const until = new Date(now().getTime() + OFFER_MS).toISOString();
  const params = { kind, code, label, leaf, key, seconds: MAX_OFFER_SECONDS };
  const { run, offer, listeners } = await openOffer(control, params);
  talk.tell({ event: 'offered', code: formatPairingCode(code), offer, listeners, until });
  return run;
}

/** An offer of the list, or where one is listened for. */
export type OfferTarget =
  string | { readonly address: string; readonly zone: string | null; readonly port: number };

export interface TakeOptions extends Omit<OfferOptions, 'talk'> {
  readonly offer: OfferTarget;
  /** As it was typed. */
  readonly code: string;
}

export async function beginTaking({ control, kind, offer, code, label, now }: TakeOptions): Promise<RunId> {
  const { certPem: leaf, keyPem: key } = createThrowAwayLeaf({ now: now() });
  const parsed = parsePairingCode(code) ?? code;
  return (await takeOffer(control, { kind, offer, code: parsed, label, leaf, key })).run;
}

const NAMELESS = 'a device';

/** A name as the other side takes one. */
export const labelOf = (name: string): string => (isDeviceName(name) ? name : NAMELESS);
