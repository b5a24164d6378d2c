// Which offer is meant: the one that was named, or one of those that are announced on the links.
import { setTimeout as delay } from 'node:timers/promises';
import type { CommandContext } from '../cli/cli.js';
import { Failure } from '../cli/failure.js';
import type { Dialogue } from './dialogue.js';
import type { OfferTarget } from './offer.js';
import type { SeenOffer } from './offers.js';

/** As in `[fe80::1%enp3s0]:41000`. */
const ADDRESS = /^\[([0-9a-f:]+)(?:%([^\s/%:]{1,15}))?\]:(\d{1,5})$/;

/** Of `--at`. */
export function parseAddress(text: string): Exclude<OfferTarget, string> {
  const [, address, zone, port] = ADDRESS.exec(text) ?? [];
  if (address !== undefined) return { address, zone: zone ?? null, port: Number(port) };
  throw new Failure('usage', 'address', `${text} is no address as \`pair\` shows it`, {
    hint: 'As in --at "[fe80::1%enp3s0]:41000".',
  });
}

const LOOK_MS = 100;
/** For another offer, after the first was seen. */
const MORE_MS = 400;
const LOOKS_SAID = 20;

/** Waits for offers, and asks where there are several. */
export async function chooseOffer(
  { output, signal }: CommandContext,
  dialogue: Dialogue,
  list: () => Promise<readonly SeenOffer[]>,
  whyNone: () => string | null = () => null,
): Promise<OfferTarget> {
  for (let looks = 1; ; looks += 1) {
    const offers = await list();
    const [first] = offers;
    if (first !== undefined && offers.some(({ seenForMs }) => seenForMs >= MORE_MS))
      return offers.length === 1 ? first.offer : ask(output, dialogue, offers);
    if (looks === LOOKS_SAID && first === undefined)
      output.tell(
        { event: 'waiting' },
        whyNone() ?? 'No offer is seen yet. Is the cable plugged in, and the code still shown?',
      );
    await delay(LOOK_MS, undefined, { signal });
  }
}

async function ask(
  output: CommandContext['output'],
  dialogue: Dialogue,
  offers: readonly SeenOffer[],
): Promise<string> {
  const lines = offers.map(
    ({ address, zone, port }, index) => `  ${index + 1}  on ${zone ?? 'this machine'}, [${address}]:${port}`,
  );
  output.tell(
    { event: 'offers', offers },
    ['Several devices offer to pair; each shows where it listens:', ...lines].join('\n'),
  );
  for (let question = 'Which one? '; ; question = `A number from 1 to ${offers.length}: `) {
    const chosen = offers[Number(await dialogue.ask(question)) - 1];
    if (chosen !== undefined) return chosen.offer;
  }
}
