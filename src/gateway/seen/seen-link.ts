// One link: says who this device is there, asks who else is, and hands on what it hears.
import { openMdnsLink, type MdnsLink } from '../../adapters/mdns/mdns-link.js';
import { decideAnswer } from '../../core/discovery/answer.js';
import {
  isOfferAsked,
  offerRecords,
  parseOfferClaims,
  type OfferClaim,
  type OwnOffer,
} from '../../core/discovery/pair-offers.js';
import { parseClaims, type Claim } from '../../core/discovery/claims.js';
import { createHalfKnown, type Hint } from '../../core/discovery/half-known.js';
import type { InstanceName } from '../../core/discovery/instance-name.js';
import { browseQuery, MAX_NAMES_A_QUERY, resolveQuery, type Query } from '../../core/discovery/queries.js';
import {
  recordsOf,
  SERVICES,
  servicesPointer,
  type OwnRecord,
  type OwnService,
  type RawPacket,
} from '../../core/discovery/records.js';
import { createSchedule, type ScheduleOptions } from '../../core/discovery/schedule.js';
import type { SeenTable } from '../../core/discovery/table.js';

export interface SeenLinkOptions extends ScheduleOptions {
  readonly zone: string;
  readonly steadyMs: () => number;
  readonly table: SeenTable;
  readonly onHint: (hint: Hint, source: string) => void;
  readonly onGoodbye: (instance: InstanceName, source: string) => void;
  readonly onOffer: (claim: OfferClaim, source: string) => void;
  readonly onMalformed: () => void;
  /** The link can not be opened; it is tried again. */
  readonly onFailure: (code: string) => void;
}

export interface SeenLink {
  readonly zone: string;
  readonly isOpen: () => boolean;
  /** Announces this from now on; a name that it replaces is taken back. Null announces nothing. */
  setOwn(own: OwnService | null): void;
  /** The same for an offer to pair. */
  setOffer(offer: OwnOffer | null): void;
  /** Asks again for what is about to end. */
  renew(): void;
  /** Says goodbye, if it can. */
  close(): Promise<void>;
}

export const RETRY_MS = 500;

export function createSeenLink(options: SeenLinkOptions): SeenLink {
  const { zone, steadyMs, table } = options;
  const halfKnown = createHalfKnown();
  const schedule = createSchedule(options, steadyMs());
  let own: OwnService | null = null;
  let offer: OwnOffer | null = null;
  let mdns: MdnsLink | null = null;
  let isClosed = false;
  let isAskedForServices = false;
  let timer: NodeJS.Timeout | undefined;

  async function open(): Promise<void> {
    try {
      const opened = await openMdnsLink({ zone, onPacket, onMalformed: options.onMalformed });
      if (isClosed) await opened.close();
      else mdns = opened;
      arm();
    } catch (error) {
      if (isClosed) return;
      options.onFailure((error as NodeJS.ErrnoException).code ?? 'unknown');
      timer = setTimeout(() => void open(), RETRY_MS).unref();
    }
  }

  function onPacket(packet: RawPacket, source: string): void {
    if (packet.type === 'query') onQuery(packet);
    else if (options.browses) onResponse(packet, source);
    arm();
  }

  function onQuery(packet: RawPacket): void {
    const answer = own === null ? [] : decideAnswer(packet, own);
    if (answer.length === 0 && (offer === null || !isOfferAsked(packet, offer))) return;
    isAskedForServices ||= answer.some(({ name }) => name === SERVICES);
    schedule.answer(steadyMs());
  }

  function onResponse(packet: RawPacket, source: string): void {
    const now = steadyMs();
    for (const claim of parseClaims(packet)) {
      if (claim.isGoodbye) options.onGoodbye(claim.instance, source);
      else if (!isPointerOnly(claim) || !table.has(claim.instance, zone, source)) {
        const hint = halfKnown.add(source, claim, now);
        if (hint !== null) options.onHint(hint, source);
      }
    }
    if (halfKnown.hasMissing()) schedule.resolve(now);
    for (const claim of parseOfferClaims(packet)) options.onOffer(claim, source);
  }

  const isPointerOnly = ({ port, isOurVersion }: Claim): boolean => port === null && isOurVersion === null;

  function arm(): void {
    if (mdns === null || isClosed) return;
    clearTimeout(timer);
    const at = schedule.nextAt();
    if (at === Infinity) return;
    timer = setTimeout(run, Math.max(0, at - steadyMs())).unref();
  }

  function run(): void {
    const now = steadyMs();
    const due = schedule.take(now);
    if (due.announce) void announce();
    if (due.query)
      ask(
        browseQuery(
          table.list().filter(({ address }) => address.zone === zone),
          now,
        ),
      );
    if (due.resolve) ask(resolveQuery(namesToResolve(now)));
    arm();
  }

  function namesToResolve(now: number): InstanceName[] {
    const renewals = table.takeRenewals(zone, MAX_NAMES_A_QUERY, now);
    return [...renewals, ...halfKnown.takeMissing(MAX_NAMES_A_QUERY - renewals.length)];
  }

  function ask({ questions, answers }: Query): void {
    if (questions.length > 0) void mdns?.send({ type: 'query', questions, answers });
  }

  async function announce(): Promise<void> {
    const announced = ownRecords();
    if (announced.length === 0) return;
    const services = isAskedForServices ? [servicesPointer()] : [];
    isAskedForServices = false;
    const code = await mdns?.send({ type: 'response', answers: [...services, ...announced] });
    // The link is not quite up yet, or going.
    if (typeof code !== 'string' || isClosed) return;
    schedule.announce(steadyMs() + RETRY_MS);
    arm();
  }

  const ownRecords = (ttl?: number): OwnRecord[] => [
    ...(own === null ? [] : recordsOf(own, ttl)),
    ...(offer === null ? [] : offerRecords(offer, ttl)),
  ];

  async function sayGoodbye(answers: OwnRecord[]): Promise<void> {
    if (answers.length > 0) await mdns?.send({ type: 'response', answers });
  }

  void open();
  return {
    zone,
    isOpen: () => mdns !== null,
    setOwn(next) {
      if (JSON.stringify(next) === JSON.stringify(own)) return;
      if (own !== null && next?.instance !== own.instance) void sayGoodbye(recordsOf(own, 0));
      own = next;
      if (next !== null) schedule.announce(steadyMs());
      arm();
    },
    setOffer(next) {
      if (JSON.stringify(next) === JSON.stringify(offer)) return;
      if (offer !== null && next?.offer !== offer.offer) void sayGoodbye(offerRecords(offer, 0));
      offer = next;
      if (next !== null) schedule.announce(steadyMs());
      arm();
    },
    renew() {
      if (!table.hasRenewals(zone, steadyMs())) return;
      schedule.resolve(steadyMs());
      arm();
    },
    async close() {
      isClosed = true;
      clearTimeout(timer);
      await sayGoodbye(ownRecords(0));
      await mdns?.close();
    },
  };
}
