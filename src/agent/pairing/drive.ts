// Runs a launcher's machine: feeds it what the gateway carries and what the person says, does what it wants done. The
// machine decides; here is only the doing. A run ends with its offer by this program's own clock, whatever is said.
import { createEventQueue, type EventQueue } from '../../adapters/launch/event-queue.js';
import type { RunId } from '../../core/control/pairing.js';
import type { DeviceId } from '../../core/ids.js';
import type { Grant, SharedDatabase, UserCaCertificate } from '../../core/pairing/launcher/grant.js';
import type { Launcher, LauncherEffect, LauncherEvent } from '../../core/pairing/launcher/launcher.js';
import type { IssuedLeaf } from '../../core/pairing/launcher/messages.js';
import { Failure } from '../cli/failure.js';
import type { PairControl, PairEvent } from './control.js';
import { problemOf, type Ended, type Teller } from './talk.js';

export interface Request {
  readonly csr: Uint8Array;
  readonly deviceId: DeviceId;
  readonly label: string;
}

/**
 * What may be signed or kept by the one who asked for the run. What is not here is not done; and nothing is after the
 * run is over, though a person may still be typing a passphrase for it.
 */
export interface Deeds {
  readonly sign?: (request: Request, over: AbortSignal) => Promise<IssuedLeaf>;
  readonly store?: (
    received: { issued: IssuedLeaf; ca: UserCaCertificate },
    over: AbortSignal,
  ) => Promise<void>;
  readonly grant?: (
    agreed: { theirs: Grant; mine: readonly SharedDatabase[] },
    over: AbortSignal,
  ) => Promise<void>;
}

export interface DriveOptions {
  readonly control: PairControl;
  /** Opens the run at the gateway. */
  readonly begin: () => Promise<RunId>;
  readonly launcher: Launcher;
  readonly talk: Teller;
  readonly deeds: Deeds;
  readonly now: () => Date;
  /** From the beginning. */
  readonly endsInMs: number;
}

type Events = EventQueue<PairEvent | LauncherEvent>;
type Effect = Exclude<LauncherEffect, { do: 'end' }>;

/** Resolves with how it came out; the person is asked meanwhile. */
export async function driveRun(options: DriveOptions): Promise<Ended> {
  const { control, talk, endsInMs } = options;
  const events: Events = createEventQueue();
  const unhear = control.onEvent((event) => events.push(event));
  const deadline = setTimeout(() => events.push({ event: 'ended', reason: 'expired' }), endsInMs);
  const onStop = (): void => events.push({ event: 'ended', reason: 'cancelled' });
  if (talk.stopped.aborted) onStop();
  talk.stopped.addEventListener('abort', onStop, { once: true });
  const over = new AbortController();
  try {
    return await readToEnd(options, events, await options.begin(), over.signal);
  } finally {
    over.abort();
    unhear();
    clearTimeout(deadline);
    talk.stopped.removeEventListener('abort', onStop);
  }
}

async function readToEnd(
  options: DriveOptions,
  events: Events,
  run: RunId,
  over: AbortSignal,
): Promise<Ended> {
  const { launcher, talk, now, control } = options;
  let clocks: Ended['clocks'] = null;
  let name: string | null = null;
  for await (const event of events) {
    if ('run' in event && event.run !== run) continue;
    if (event.event === 'pair-strike') talk.tell({ event: 'strike', left: event.left });
    if (event.event === 'pair-proved') {
      clocks = { here: now().toISOString(), there: event.time };
      name = event.label;
      talk.tell({ event: 'proved', label: event.label });
    }
    const told = toLauncher(event, now());
    for (const effect of told === null ? [] : launcher.on(told)) {
      if (effect.do !== 'end') {
        doOne(options, run, effect, over).then(
          (next) => next && events.push(next),
          (error: unknown) => {
            talk.tell(problemOf(error));
            events.push({ event: 'failed' });
          },
        );
        continue;
      }
      // It may have ended there already.
      await control.call('pair-cancel', { run }).catch(() => undefined);
      const { outcome, reason } = effect;
      return { event: 'ended', outcome, reason, clocks: outcome === 'clocks' ? clocks : null, name };
    }
  }
  throw new Failure('software', 'gateway-ended', 'the gateway ended');
}

/** What of the gateway's events is the machine's business. */
function toLauncher(event: PairEvent | LauncherEvent, now: Date): LauncherEvent | null {
  switch (event.event) {
    case 'pair-proved':
      return { event: 'proved', label: event.label, time: new Date(event.time), userId: event.userId, now };
    case 'pair-data':
      return { event: 'data', data: event.data };
    case 'pair-ended':
      return { event: 'ended', reason: event.reason };
    case 'pair-strike':
    case 'pair-offer-seen':
    case 'pair-offer-lost':
      return null;
    default:
      return event;
  }
}

/** Does one thing; what came of it is the next event. */
async function doOne(
  { control, talk, deeds }: DriveOptions,
  run: RunId,
  effect: Effect,
  over: AbortSignal,
): Promise<LauncherEvent | null> {
  switch (effect.do) {
    case 'send':
      // That it could not be sent, the end of the run tells.
      await control
        .call('pair-send', { run, data: Buffer.from(effect.data).toString('base64url') })
        .catch(() => undefined);
      return null;
    case 'ask': {
      const { digits, label, question } = effect;
      const answer = await talk.ask({ event: 'compare', digits, label, question });
      return { event: 'answered', yes: answer?.yes === true };
    }
    case 'sign':
      return { event: 'signed', issued: await required(deeds.sign)(effect, over) };
    case 'store':
      await required(deeds.store)(effect, over);
      return { event: 'stored' };
    case 'grant':
      await required(deeds.grant)(effect, over);
      return { event: 'stored' };
  }
}

function required<Deed>(deed: Deed | undefined): Deed {
  if (deed === undefined) throw new Failure('software', 'deed', 'nothing of the kind is to be done here');
  return deed;
}
