// Who is on the links, composed: the links as they come and go, the names of the day, the table of what was seen, and
// what the launcher and the dialling side are told of it. All of it hints; nothing here lets anyone in.
import type { GatewayEvent, Listener, WarningCode } from '../../core/control/protocol.js';
import type { AddressBook } from '../../core/discovery/addresses.js';
import {
  instanceNameOf,
  instanceNamesAround,
  type InstanceName,
} from '../../core/discovery/instance-name.js';
import { createKnownNames } from '../../core/discovery/known-names.js';
import { createSeenTable } from '../../core/discovery/table.js';
import type { OfferAddress, OfferId, PairKind } from '../../core/control/pairing.js';
import type { Env } from '../../core/env/env.js';
import { knownDevices, usersLetIn } from './known-devices.js';
import { createLinks } from './links.js';
import { createNews } from './news.js';
import { createSeenLink, type SeenLink } from './seen-link.js';
import { createOffers, type Offers } from './offers.js';
import { describeSeen, type SeenStatus } from './seen-status.js';

export interface SeenOptions {
  readonly env: () => Env;
  readonly now: () => Date;
  readonly listeners: () => readonly Listener[];
  readonly emit: (event: GatewayEvent) => void;
  readonly warn: (code: WarningCode, message: string, about?: string) => void;
}

export interface Seen {
  readonly book: AddressBook;
  readonly offers: Pick<Offers, 'find' | 'list'>;
  /** Announces this on each link from now on, at the port of its listener there; null takes it back. */
  announceOffer(offer: AnnouncedOffer | null): void;
  /** The env or the listeners changed. */
  update(): void;
  /** Trust or policy changed: addresses that showed a wrong leaf may be dialled again. */
  forgetWrong(): void;
  status(): SeenStatus;
  /** Says goodbye on every link. */
  stop(): Promise<void>;
}

/** An offer of this device, and where it is listened for. */
export interface AnnouncedOffer {
  readonly offer: OfferId;
  readonly kind: PairKind;
  readonly listeners: readonly OfferAddress[];
}

const TICK_MS = 1000;

export function createSeen({ env, now, listeners, emit, warn }: SeenOptions): Seen {
  const steadyMs = (): number => performance.now();
  const names = createKnownNames(now());
  const table = createSeenTable((instance) => names.deviceOf(instance));
  const news = createNews({
    table,
    steadyMs,
    usersLetIn: () => usersLetIn(env().service),
    emit,
  });
  const offers = createOffers({ steadyMs, emit });
  let announced: AnnouncedOffer | null = null;
  const counts = { refused: 0, malformed: 0, conflicts: 0 };
  const links = createLinks({
    open: openLink,
    onGone(zone) {
      table.linkGone(zone);
      news.changed();
      offers.linkGone(zone);
    },
    onChange: announce,
  });

  /** The names that this device has itself; whoever else has one is no peer. */
  const ownNames = (): InstanceName[] => {
    const { service } = env();
    return service === null ? [] : instanceNamesAround(service.identity.deviceId, now());
  };

  function openLink(zone: string): SeenLink {
    const { browse } = env().discovery;
    const warned = new Set<string>();
    const warnOnce = (message: string): void => {
      if (!warned.has(message)) warn('discovery', message, zone);
      warned.add(message);
    };
    return createSeenLink({
      zone,
      steadyMs,
      table,
      browses: browse,
      random: Math.random,
      onOffer: (claim, source) => {
        if (!links.isOwnAddress(source)) offers.onClaim(claim, zone, source);
      },
      onHint({ instance, port, ttlMs }, source) {
        if (ownNames().includes(instance)) {
          if (links.isOwnAddress(source)) return;
          counts.conflicts += 1;
          warnOnce('somebody else announces the name of this device; peers see by the leaf who is who');
          return;
        }
        if (!table.hint(instance, { address: source, zone, port }, ttlMs, steadyMs())) counts.refused += 1;
        news.changed();
      },
      onGoodbye(instance, source) {
        table.goodbye(instance, zone, source, steadyMs());
        news.changed();
      },
      onMalformed: () => (counts.malformed += 1),
      onFailure: (code) => warnOnce(`${code}; trying again`),
    });
  }

  /** On each link, the port that is listened on there. */
  function announce(): void {
    const { service, discovery } = env();
    links.announce((zone, addresses) => {
      const listener = listeners().find((each) => each.zone === zone);
      if (service === null || !discovery.announce || listener === undefined) return null;
      return { instance: instanceNameOf(service.identity.deviceId, now()), port: listener.port, addresses };
    });
    links.announceOffer((zone, addresses) => {
      const listener = announced?.listeners.find((each) => each.zone === zone);
      if (announced === null || listener === undefined) return null;
      return { offer: announced.offer, kind: announced.kind, port: listener.port, addresses };
    });
  }

  function rematch(): void {
    table.rematch();
    news.changed();
  }

  function update(): void {
    names.replace(knownDevices(env()));
    rematch();
    links.follow(env().discovery);
    announce();
  }

  function tick(): void {
    if (names.turnTo(now())) {
      rematch();
      announce();
    }
    table.expire(steadyMs());
    offers.tick();
    for (const link of links.list()) link.renew();
    news.changed();
  }

  const timer = setInterval(tick, TICK_MS).unref();
  update();
  return {
    book: {
      addressesOf: (deviceId) => table.addressesOf(deviceId, steadyMs()),
      noteOutcome(deviceId, address, outcome) {
        table.noteOutcome(deviceId, address, outcome, steadyMs());
        news.changed();
      },
      noteKnown(deviceId) {
        if (names.learn(deviceId)) rematch();
      },
      onUnknown: news.onUnknown,
      onChange: news.onChange,
    },
    offers,
    announceOffer(offer) {
      announced = offer;
      announce();
    },
    update,
    forgetWrong: () => table.forgetWrong(),
    status: () => describeSeen({ env: env(), now: now(), links: links.list(), table, counts }),
    async stop() {
      clearInterval(timer);
      news.close();
      offers.close();
      await links.close();
    },
  };
}
