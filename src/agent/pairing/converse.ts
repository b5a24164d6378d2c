// A run of pairing as its person sees it: tells each message, asks what is to be asked, and comes back with the end.
import type { CommandContext } from '../cli/cli.js';
import { PASSPHRASE_VARIABLES } from '../cli/passphrase.js';
import { createCountdown } from './countdown.js';
import type { Dialogue } from './dialogue.js';
import { failureOf } from './failures.js';
import { formatMessage, questionOf } from './messages-text.js';
import type { Answer, Ended, Talk, TalkMessage } from './talk.js';

type Question = Extract<TalkMessage, { event: 'compare' | 'passphrase' | 'key-passphrase' }>;
type Problem = Extract<TalkMessage, { event: 'problem' }>;

/** How it came out; and what it waits for, where the user CA key is on another device. */
export interface Conversed extends Ended {
  readonly request: string | null;
}

/** Resolves when both sides have what they came for; fails with what to do otherwise. */
export async function converse(context: CommandContext, talk: Talk, dialogue: Dialogue): Promise<Conversed> {
  const { output, style, signal, now } = context;
  const over = new AbortController();
  const stop = (): void => void endQuietly(talk);
  signal.addEventListener('abort', stop, { once: true });
  const clock = createCountdown(context);
  let problem: Problem | null = null;
  let request: string | null = null;
  try {
    for (let seen = 0; ;) {
      const messages = await talk.next(seen);
      seen += messages.length;
      for (const message of messages) {
        clock.stop();
        output.tell(message, formatMessage(message, style, now()));
        if (message.event === 'offered') clock.start(new Date(message.until));
        if (message.event === 'problem') problem = message;
        if (message.event === 'waits') ({ request } = message);
        if (message.event === 'ended') return { ...requireDone(message, problem, signal), request };
        if (isQuestion(message)) void answer(context, talk, dialogue, message, over.signal);
      }
    }
  } finally {
    clock.stop();
    over.abort();
    signal.removeEventListener('abort', stop);
  }
}

const isQuestion = (message: TalkMessage): message is Question =>
  message.event === 'compare' || message.event === 'passphrase' || message.event === 'key-passphrase';

/** Where nobody is left to be told, `next` says so. */
const endQuietly = (talk: Talk): Promise<void> => talk.stop().catch(() => undefined);

/** Silence is no: whoever cannot be asked has not agreed. */
async function answer(
  context: CommandContext,
  talk: Talk,
  dialogue: Dialogue,
  question: Question,
  over: AbortSignal,
): Promise<void> {
  try {
    await talk.answer(await askFor(context, dialogue, question, over));
  } catch {
    if (!over.aborted) await endQuietly(talk);
  }
}

async function askFor(
  { env }: CommandContext,
  dialogue: Dialogue,
  question: Question,
  signal: AbortSignal,
): Promise<Answer> {
  const hidden = question.event !== 'compare';
  const known = question.event === 'passphrase' ? env[PASSPHRASE_VARIABLES.present] : undefined;
  if (known !== undefined && !('again' in question && question.again)) return { text: known };
  const text = await dialogue.ask(questionOf(question), { hidden, signal });
  return hidden ? { text } : { yes: /^y(?:es)?$/i.test(text.trim()) };
}

function requireDone(ended: Ended, problem: Problem | null, signal: AbortSignal): Ended {
  if (ended.outcome === 'done') return ended;
  // To be interrupted is no failure of its own.
  signal.throwIfAborted();
  throw failureOf(ended, problem);
}
