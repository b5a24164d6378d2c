// The code of the other device, asked until it has the form of one. Whether it is the right one, the other device says.
import { parsePairingCode, type PairingCode } from '../../core/pairing/code.js';
import { canAsk } from '../cli/prompt.js';
import type { CommandContext } from '../cli/cli.js';
import { Failure } from '../cli/failure.js';
import type { Dialogue } from './dialogue.js';

const FORM = 'a code has eight letters and digits, such as 7K3M-9QXT';

/** Fails where what came is no code, and nobody is there to ask again. */
export async function askCode(
  context: CommandContext,
  dialogue: Dialogue,
  signal?: AbortSignal,
): Promise<PairingCode> {
  context.output.tell({ event: 'code' }, null);
  for (;;) {
    const code = parsePairingCode(
      await dialogue.ask('The code that the other device shows: ', signal === undefined ? {} : { signal }),
    );
    if (code !== null) return code;
    if (!canAsk(context))
      throw new Failure('usage', 'code', `that is no code: ${FORM}`, {
        hint: 'Type it as `patchcord pair` or `patchcord share` shows it on the other device.',
      });
    context.output.tell({ event: 'no-code' }, `That is no code: ${FORM}.`);
  }
}
