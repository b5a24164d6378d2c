// Messages and questions of a pairing, in words. Names are another device's own: shown in quotes, beside what is certain.
import { renderUnicodeCompact } from 'uqr';
import type { SharedDatabase } from '../../core/pairing/launcher/grant.js';
import { formatSeconds } from '../cli/format.js';
import type { Style } from '../cli/style.js';
import { bigText } from './big-text.js';
import type { Compare, SharedBefore, TalkMessage } from './talk.js';

const ID_CHARACTERS = 8;
const SECOND_MS = 1000;
/** As in 16:49:15. */
const CLOCK_CHARACTERS = 8;
const short = (id: string): string => id.slice(0, ID_CHARACTERS);

/** What a camera reads: the code, and the offer that it is for. */
export const pairingUri = (code: string, offer: string): string =>
  `patchcord:pair?code=${code}&offer=${offer}`;

/** Null for what needs no words of its own. */
export function formatMessage(message: TalkMessage, style: Style, now: Date): string | null {
  switch (message.event) {
    case 'offered': {
      const { code, offer, until, listeners } = message;
      const seconds = (new Date(until).getTime() - now.getTime()) / SECOND_MS;
      const where = listeners.map(
        ({ address, zone, port }) => `[${address}${zone === null ? '' : `%${zone}`}]:${port}`,
      );
      return [
        '',
        style.bold(bigText(code)),
        '',
        renderUnicodeCompact(pairingUri(code, offer)),
        `The code is ${style.bold(code)}, good for ${formatSeconds(seconds)}, until ${new Date(until).toTimeString().slice(0, CLOCK_CHARACTERS)}.`,
        style.dim(`listens at ${where.length === 0 ? 'no link yet: plug in a cable' : where.join(', ')}`),
      ].join('\n');
    }
    case 'strike':
      return style.warn(
        `somebody tried a wrong code; ${message.left} more, and this one is spent. If that was not the other device, someone else is on the link`,
      );
    case 'proved':
      return `The code was proved by ${JSON.stringify(message.label)}.`;
    case 'compare':
      return formatCompare(message, style);
    case 'passphrase':
    case 'key-passphrase':
    case 'waits':
    case 'problem':
    case 'ended':
      return null;
  }
}

function formatCompare(
  { label, digits, question, before }: Compare & { before?: SharedBefore },
  style: Style,
): string {
  const spaced = `${digits.slice(0, 3)} ${digits.slice(3)}`;
  const name = JSON.stringify(label);
  const lines = {
    device: () => [
      `The device calls itself ${name}. It becomes one of yours, and reaches all that is yours.`,
    ],
    user: () => [`The other device calls itself ${name}. This device becomes one of its user.`],
    share: () =>
      question.about !== 'share'
        ? []
        : [
            `The other device calls itself ${name}, of user ${short(question.userId)}.`,
            `You let them reach:  ${listText(question.mine)}`,
            `They let you reach:  ${listText(question.theirs)}`,
            ...(before === undefined ? [] : beforeLines(before)),
          ],
  }[question.about]();
  return ['', ...lines, `Both screens must show the same digits:  ${style.bold(spaced)}`].join('\n');
}

const beforeLines = ({ ends }: SharedBefore): string[] => [
  'Both lists take the place of what you shared before.',
  ...(ends.length === 0 ? [] : [`This ends for them:   ${listText(ends)}`]),
];

const listText = (databases: readonly SharedDatabase[]): string =>
  databases.length === 0
    ? 'nothing'
    : databases
        .map(({ name, access }) => `${name} (${access === 'read' ? 'take' : 'take, and send changes'})`)
        .join(', ');

export function questionOf(
  question: Extract<TalkMessage, { event: 'compare' | 'passphrase' | 'key-passphrase' }>,
): string {
  if (question.event === 'compare') return 'Are they the same, and is it the device that you mean? [y/N] ';
  const again = question.again ? 'That was not it. ' : '';
  return question.event === 'passphrase'
    ? `${again}Passphrase of the user CA key: `
    : `${again}This device may add others. The passphrase that was typed there (empty: without that): `;
}
