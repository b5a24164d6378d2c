// Tells what happens while `up` runs: one line each, as text or as JSON.
import type { Output } from '../cli/output.js';
import type { Style } from '../cli/style.js';
import { cleanText, type GatewayReady, type SeenEvent } from '../gateway-events.js';
import type { FollowEvent } from '../provision/follow.js';
import { formatDirectoryEvent, type DirectoryEvent } from '../directory/events.js';
import type { NameOf } from '../directory/names.js';
import type { SyncEvent } from '../sync/sync.js';
import { formatSyncEvent } from '../sync/event-text.js';
import type { UpReady } from './describe.js';
import { formatEvent, formatFollow } from './event-text.js';
import { createGuests } from './guests.js';
import { createPresence } from './presence.js';
import { formatListener, formatReady } from './ready-text.js';
import { createRefusals } from './refusals.js';

export interface UpReport {
  /** Names stand beside ids from here on. */
  readonly knowNames: (names: NameOf) => void;
  readonly ready: (ready: UpReady) => void;
  readonly gateway: (event: SeenEvent) => void;
  readonly gatewayEnded: (restartInMs: number) => void;
  readonly gatewayRestarted: (ready: GatewayReady) => void;
  readonly gatewayLog: (line: string) => void;
  readonly follow: (event: FollowEvent) => void;
  readonly directory: (event: DirectoryEvent) => void;
  readonly sync: (event: SyncEvent) => void;
  readonly embeddedDied: (restartInMs: number) => void;
  readonly stopped: () => void;
}

const SECOND_MS = 1000;

export interface ReportOptions {
  readonly output: Output;
  readonly style: Style;
  readonly now: () => Date;
  readonly logLine: (line: string) => void;
}

export function createUpReport({ output, style, now, logLine }: ReportOptions): UpReport {
  const at = (text: string, time: Date): string => `${style.dim(time.toTimeString().slice(0, 8))}  ${text}`;
  const tell = (fact: object, text: string | null): void => {
    const time = now();
    output.tell({ time: time.toISOString(), ...fact }, text === null ? null : at(text, time));
  };
  const presence = createPresence();
  const guests = createGuests();
  const refusals = createRefusals(() => performance.now(), guests.userOf);
  /** As a person is to be told of it; null for what is no news. */
  const newsOf = (event: SeenEvent): SeenEvent | null => {
    if (event.event === 'denied') return refusals.take(event);
    return presence.isNews(event) ? event : null;
  };
  let nameOf: NameOf = () => null;
  const named = (fact: object, event: Told): object => {
    const deviceId = deviceOf(event);
    if (deviceId === undefined || 'name' in event) return fact;
    return { ...fact, name: deviceId === null ? null : nameOf(deviceId) };
  };
  return {
    knowNames: (names) => void (nameOf = names),
    ready: (ready) => output.tell({ time: now().toISOString(), ...ready }, formatReady(ready, style)),
    gateway(event) {
      guests.note(event);
      const news = newsOf(event);
      const text = news === null ? null : formatEvent(news, style, nameOf, guests.userOf);
      tell(named(withoutBytes(event), event), text);
    },
    gatewayEnded(restartInMs) {
      presence.clear();
      const text = `the gateway ended by itself, and is started again in ${restartInMs / SECOND_MS} s`;
      tell({ event: 'gateway-ended', restartInMs }, style.warn(text));
    },
    gatewayRestarted({ listeners }) {
      const where = listeners.map(formatListener).join('; ');
      tell(
        { event: 'gateway-restarted', listeners },
        `the gateway is up again, and listens ${where || 'nowhere yet'}`,
      );
    },
    gatewayLog(line) {
      if (isWorthReading(line)) logLine(`gateway: ${cleanText(line)}`);
    },
    follow: (event) => tell(event, formatFollow(event, style)),
    directory: (event) => tell(named(event, event), formatDirectoryEvent(event, style, nameOf)),
    sync: (event) => tell(named(event, event), formatSyncEvent(event, style, nameOf)),
    embeddedDied: (restartInMs) =>
      tell(
        { event: 'embedded-died', restartInMs },
        style.warn('the embedded database ended, and is started again'),
      ),
    stopped: () => tell({ event: 'stopped' }, 'stopped'),
  };
}

type Told = SeenEvent | DirectoryEvent | SyncEvent;

/** Which device an event is about; null for one that is not known, undefined where it is about none. */
function deviceOf(event: Told): string | null | undefined {
  if ('principal' in event && event.principal !== null) return event.principal.deviceId;
  return 'deviceId' in event ? event.deviceId : undefined;
}

/** What a pairing carries is for the two that pair, and may be the user CA key under its passphrase: how much, not what. */
const withoutBytes = (event: SeenEvent): object =>
  event.event === 'pair-data' ? { ...event, data: { bytes: event.data.length } } : event;

/** What is told as an event is in the log as information as well. */
function isWorthReading(line: string): boolean {
  try {
    return (JSON.parse(line) as { level?: unknown }).level !== 'info';
  } catch {
    return true;
  }
}
