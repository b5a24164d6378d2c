// Offers to pair, as they are announced on a link: a service of its own, under a random name, for as long as the offer
// stands. Whoever has the code finds out by trying; nothing here says whose offer it is.
import { PAIR_KINDS, parseOfferId, type OfferId, type PairKind } from '../control/pairing.js';
import { MAX_RECORDS } from './answer.js';
import { MAX_TTL_MS, portOf, textsOf } from './claims.js';
import {
  isSameName,
  TTL_SECONDS,
  VERSION_TXT,
  type OwnRecord,
  type RawPacket,
  type RawQuestion,
  type RawRecord,
} from './records.js';

/** What is announced of an offer on one link. */
export interface OwnOffer {
  readonly offer: OfferId;
  readonly kind: PairKind;
  readonly port: number;
  /** This device's addresses on that link, and no others. */
  readonly addresses: readonly string[];
}

/** What a response says of an offer; a goodbye, where it has no port. Nothing of it is believed. */
export interface OfferClaim {
  readonly offer: OfferId;
  readonly told: { readonly kind: PairKind; readonly port: number; readonly ttlMs: number } | null;
}

export const PAIR_SERVICE = '_patchcord-pair._tcp.local';
const KIND_TXT = 'kind=';
const SECOND_MS = 1000;

const serviceNameOf = (offer: OfferId): string => `${offer}.${PAIR_SERVICE}`;
const hostNameOf = (offer: OfferId): string => `${offer}.local`;

/** The announcement; with a `ttl` of 0 it is the goodbye. */
export function offerRecords({ offer, kind, port, addresses }: OwnOffer, ttl = TTL_SECONDS): OwnRecord[] {
  const name = serviceNameOf(offer);
  const target = hostNameOf(offer);
  return [
    { name: PAIR_SERVICE, type: 'PTR', ttl, data: name },
    { name, type: 'SRV', ttl, flush: true, data: { port, target } },
    { name, type: 'TXT', ttl, flush: true, data: [VERSION_TXT, `${KIND_TXT}${kind}`] },
    ...addresses.map((data): OwnRecord => ({ name: target, type: 'AAAA', ttl, flush: true, data })),
  ];
}

/** Asks who offers to pair. */
export const PAIR_QUESTION: RawQuestion = { name: PAIR_SERVICE, type: 'PTR' };

/** Whether a query asks for this offer, by its service or by its name. Who does is told all of it in one packet. */
export function isOfferAsked({ questions = [] }: RawPacket, { offer }: OwnOffer): boolean {
  const names = [PAIR_SERVICE, serviceNameOf(offer), hostNameOf(offer)];
  return questions.slice(0, MAX_RECORDS).some(({ name }) => names.some((own) => isSameName(name, own)));
}

/** The offers in a response. One that does not say all of itself in one packet is none. */
export function parseOfferClaims({ answers = [], additionals = [] }: RawPacket): OfferClaim[] {
  const records = [...answers, ...additionals].slice(0, MAX_RECORDS);
  const named = new Map<OfferId, RawRecord[]>();
  for (const record of records) {
    const offer = offerOf(record);
    if (offer !== null) named.set(offer, [...(named.get(offer) ?? []), record]);
  }
  return [...named].flatMap(([offer, of]) => claimOf(offer, of) ?? []);
}

function offerOf({ name, type, data }: RawRecord): OfferId | null {
  if (type === 'SRV' || type === 'TXT') return offerIn(name);
  return type === 'PTR' && isSameName(name, PAIR_SERVICE) && typeof data === 'string' ? offerIn(data) : null;
}

function offerIn(name: string): OfferId | null {
  const dot = name.indexOf('.');
  return isSameName(name.slice(dot + 1), PAIR_SERVICE)
    ? parseOfferId(name.slice(0, dot).toUpperCase())
    : null;
}

function claimOf(offer: OfferId, records: readonly RawRecord[]): OfferClaim | null {
  if (records.some(({ type, ttl = 0 }) => ttl === 0 && type !== 'TXT')) return { offer, told: null };
  const [srv, txt] = ['SRV', 'TXT'].map((type) => records.find((record) => record.type === type));
  const port = portOf(srv?.data);
  const texts = textsOf(txt?.data);
  const kind = PAIR_KINDS.find((known) => texts.includes(`${KIND_TXT}${known}`));
  if (port === null || kind === undefined || !texts.includes(VERSION_TXT)) return null;
  const ttlMs = Math.min((srv?.ttl ?? 0) * SECOND_MS, MAX_TTL_MS);
  return { offer, told: { kind, port, ttlMs } };
}
