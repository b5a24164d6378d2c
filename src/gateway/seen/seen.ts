// Who is on the links, composed: the links as they come and go, the names of the day, the table of what was seen, and
// what the launcher and the dialling side are told of it. All of it hints; nothing here lets anyone in.
import { watchAddresses, type AddressWatch } from '../../adapters/net/address-watch.js';
import type { LinkAddress } from '../../adapters/net/addresses.js';
import type { GatewayEvent, Listener, WarningCode } from '../../core/control/protocol.js';
import type { AddressBook } from '../../core/discovery/addresses.js';
import {
  instanceNameOf,
  instanceNamesAround,
  type InstanceName,
} from '../../core/discovery/instance-name.js';
import { createKnownNames } from '../../core/discovery/known-names.js';
import { createSeenTable } from '../../core/discovery/table.js';
import type { Env } from '../../core/env/env.js';
import { knownDevices, mayDialUnknown } from './known-devices.js';
import { createNews } from './news.js';
import { createSeenLink, type SeenLink } from './seen-link.js';
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
  /** The env or the listeners changed. */
  update(): void;
  status(): SeenStatus;
  /** Says goodbye on every link. */
  stop(): Promise<void>;
}

interface Followed {
  readonly link: SeenLink;
  addresses: readonly string[];
}

const TICK_MS = 1000;

export function createSeen({ env, now, listeners, emit, warn }: SeenOptions): Seen {
  const steadyMs = (): number => performance.now();
  const names = createKnownNames(now());
  const table = createSeenTable((instance) => names.deviceOf(instance));
  const news = createNews({
    table,
    steadyMs,
    mayDialUnknown: () => mayDialUnknown(env().service),
    emit,
  });
  const links = new Map<string, Followed>();
  const counts = { refused: 0, malformed: 0, conflicts: 0 };
  let watch: AddressWatch | null = null;
  let followed = '';

  /** The names that this device has itself; whoever else has one is no peer. */
  const ownNames = (): InstanceName[] => {
    const { service } = env();
    return service === null ? [] : instanceNamesAround(service.identity.deviceId, now());
  };

  const isOwnAddress = (zone: string, source: string): boolean =>
    [...links.values()].some(({ link, addresses }) => link.zone === zone && addresses.includes(source));

  function openLink(zone: string): SeenLink {
    const { announce, browse } = env().discovery;
    const warned = new Set<string>();
    const warnOnce = (message: string): void => {
      if (!warned.has(message)) warn('discovery', message, zone);
      warned.add(message);
    };
    return createSeenLink({
      zone,
      steadyMs,
      table,
      announces: announce,
      browses: browse,
      random: Math.random,
      onHint({ instance, port, ttlMs }, source) {
        if (ownNames().includes(instance)) {
          if (isOwnAddress(zone, source)) return;
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

  function onAddresses(addresses: readonly LinkAddress[]): void {
    const wanted = new Map<string, { zone: string; addresses: string[] }>();
    for (const { address, zone, ifindex } of addresses) {
      if (zone === null) continue;
      const key = `${zone} ${ifindex}`;
      const entry = wanted.get(key) ?? { zone, addresses: [] };
      wanted.set(key, { zone, addresses: [...entry.addresses, address] });
    }
    for (const key of links.keys()) if (!wanted.has(key)) void dropLink(key);
    for (const [key, { zone, addresses }] of wanted) {
      const entry = links.get(key) ?? { link: openLink(zone), addresses };
      entry.addresses = addresses;
      links.set(key, entry);
    }
    announceAll();
  }

  async function dropLink(key: string): Promise<void> {
    const entry = links.get(key);
    if (entry === undefined) return;
    links.delete(key);
    table.linkGone(entry.link.zone);
    news.changed();
    await entry.link.close();
  }

  function announceAll(): void {
    const { service, discovery } = env();
    for (const { link, addresses } of links.values()) {
      const listener = listeners().find(({ zone }) => zone === link.zone);
      const canAnnounce = service !== null && discovery.announce && listener !== undefined;
      link.setOwn(
        canAnnounce
          ? {
              instance: instanceNameOf(service.identity.deviceId, now()),
              port: listener.port,
              addresses,
            }
          : null,
      );
    }
  }

  function rematch(): void {
    table.rematch();
    news.changed();
  }

  /** Opens the links anew where what they do has changed. */
  function follow(): void {
    const { on, announce, browse } = env().discovery;
    const next = JSON.stringify([on, announce, browse]);
    if (next === followed) return;
    followed = next;
    watch?.close();
    watch = null;
    for (const key of links.keys()) void dropLink(key);
    if (announce || browse) watch = watchAddresses(on, onAddresses);
  }

  function update(): void {
    names.replace(knownDevices(env()));
    rematch();
    follow();
    announceAll();
  }

  function tick(): void {
    if (names.turnTo(now())) {
      rematch();
      announceAll();
    }
    table.expire(steadyMs());
    for (const { link } of links.values()) link.renew();
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
    update,
    status: () => describeSeen({ env: env(), now: now(), links: [...links.values()], table, counts }),
    async stop() {
      clearInterval(timer);
      watch?.close();
      news.close();
      await Promise.all([...links.values()].map(({ link }) => link.close()));
      links.clear();
    },
  };
}
