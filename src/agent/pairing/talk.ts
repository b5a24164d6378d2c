// What is said between a run of pairing and the person who has asked for it: messages one way, answers the other. The
// person may sit at another process, which asks for the messages; when it does no longer, the run is stopped.
import type { SharedDatabase } from '../../core/pairing/launcher/grant.js';
import type { LauncherEffect, Outcome } from '../../core/pairing/launcher/launcher.js';
import { Failure } from '../cli/failure.js';
import type { OfferAddress, PairEndReason } from '../../core/control/pairing.js';

export type Compare = Omit<Extract<LauncherEffect, { do: 'ask' }>, 'do'>;

/** What is shared with that user until now: a new share takes its place. */
export interface SharedBefore {
  /** What this person offered, and offers no more, or less of. */
  readonly ends: readonly SharedDatabase[];
}

export type TalkMessage =
  | {
      readonly event: 'offered';
      /** In two groups. */
      readonly code: string;
      readonly offer: string;
      readonly listeners: readonly OfferAddress[];
      readonly until: string;
    }
  /** Somebody tried a wrong code. */
  | { readonly event: 'strike'; readonly left: number }
  | { readonly event: 'proved'; readonly label: string }
  /** Answered with `yes`. */
  | ({ readonly event: 'compare'; readonly before?: SharedBefore } & Compare)
  /** The passphrase of the own user CA key; answered with `text`. */
  | { readonly event: 'passphrase'; readonly again: boolean }
  /** The one that the user CA key came under; answered with `text`, empty to go without the key. */
  | { readonly event: 'key-passphrase'; readonly again: boolean }
  /** Why something could not be signed or stored. */
  | {
      readonly event: 'problem';
      readonly code: string;
      readonly message: string;
      readonly hint: string | null;
    }
  /** The user CA key is on another device, which is asked to sign. */
  | { readonly event: 'waits'; readonly request: string }
  | Ended;

export interface Ended {
  readonly event: 'ended';
  readonly outcome: Outcome;
  readonly reason: PairEndReason | null;
  /** Where the clocks are too far apart. */
  readonly clocks: { readonly here: string; readonly there: string } | null;
  /** What the other side called itself; null where nothing was proved. */
  readonly name: string | null;
}

export interface Answer {
  readonly yes?: boolean;
  readonly text?: string;
}

export function problemOf(error: unknown): TalkMessage {
  const event = 'problem';
  if (error instanceof Failure) return { event, code: error.code, message: error.message, hint: error.hint };
  return { event, code: 'internal', message: error instanceof Error ? error.message : 'unknown', hint: null };
}

/** The person's end. */
export interface Talk {
  /** Those after the first `seen`, as soon as there is one, or none after a while: then it is to be asked again. */
  next(seen: number): Promise<readonly TalkMessage[]>;
  answer(answer: Answer): Promise<void>;
  stop(): Promise<void>;
}

/** The run's end. */
export interface Teller {
  tell(message: TalkMessage): void;
  /** Resolves with null when the run was stopped. */
  ask(question: TalkMessage): Promise<Answer | null>;
  readonly stopped: AbortSignal;
}

/** How long one question for messages waits: whoever is gone asks no other. */
const LISTEN_MS = 5000;
/** How long nobody needs to ask for messages before the run is stopped. */
export const ABSENT_MS = 15_000;

/** `absentMs` is null where the person's end is in the same process. */
export function createTalk(absentMs: number | null): Talk & Teller {
  const messages: TalkMessage[] = [];
  const stopping = new AbortController();
  const looks = new Set<() => void>();
  let answerTo: ((answer: Answer | null) => void) | null = null;
  let listening = 0;
  let absent: NodeJS.Timeout | undefined;
  const wait = (): void => {
    if (absentMs !== null) absent = setTimeout(stop, absentMs);
  };
  wait();

  function stop(): void {
    clearTimeout(absent);
    stopping.abort();
    answerTo?.(null);
    for (const look of looks) look();
  }
  const isOver = (): boolean => messages.at(-1)?.event === 'ended';
  const listen = async (seen: number): Promise<void> => {
    if (messages.length > seen || isOver()) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      looks.add(resolve);
      if (absentMs !== null) timer = setTimeout(resolve, LISTEN_MS);
    });
    clearTimeout(timer);
  };

  return {
    stopped: stopping.signal,
    tell(message) {
      messages.push(message);
      if (message.event === 'ended') clearTimeout(absent);
      for (const look of looks) look();
      looks.clear();
    },
    async ask(question) {
      if (stopping.signal.aborted) return null;
      const answered = new Promise<Answer | null>((resolve) => (answerTo = resolve));
      this.tell(question);
      const answer = await answered;
      answerTo = null;
      return answer;
    },
    async next(seen) {
      listening += 1;
      clearTimeout(absent);
      await listen(seen);
      listening -= 1;
      if (listening === 0 && !isOver() && !stopping.signal.aborted) wait();
      return messages.slice(seen);
    },
    answer(answer) {
      answerTo?.(answer);
      return Promise.resolve();
    },
    stop() {
      stop();
      return Promise.resolve();
    },
  };
}
