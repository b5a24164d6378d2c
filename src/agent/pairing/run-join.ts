// `patchcord join`, from the lock to the new identity. It has a gateway of its own, since a device that is new has no
// identity to run `up` with.
import { hasSignedOthers } from '../../core/directory/record.js';
import { readAddresses, readVirtualLinks } from '../../adapters/net/addresses.js';
import type { Listen } from '../../core/env/env.js';
import type { CommandContext } from '../cli/cli.js';
import { Failure } from '../cli/failure.js';
import { createClosers } from '../closers.js';
import { readSettings } from '../config/settings.js';
import { makePrivateFolder } from '../../adapters/home/atomic-file.js';
import { readRecord } from '../directory/record-file.js';
import { caKeyKind } from '../home/ca-key.js';
import { findIdentity, lockHome } from '../home/home.js';
import type { Identity } from '../home/identity.js';
import type { Paths } from '../home/paths.js';
import { askCode } from './ask-code.js';
import { chooseOffer, parseAddress } from './choose-offer.js';
import { converse } from './converse.js';
import { tellEnd } from './desk.js';
import { createDialogue } from './dialogue.js';
import { openJoinGateway } from './join-gateway.js';
import { joinUser } from './join-user.js';
import { labelOf } from './offer.js';
import { createTalk } from './talk.js';

export interface RunJoinOptions {
  /** Null: one of those that are announced. */
  readonly at: string | null;
  /** Null: as the configuration says. */
  readonly listenOn: Listen['on'] | null;
  /** The own user is given up, though others depend on it. */
  readonly abandon: boolean;
}

const REFUSED = 'pair-refused-there';
/** `up` has this device's identity open, and it becomes another. */
const STOP_UP = 'Stop it, with Ctrl-C or `systemctl --user stop patchcord`; then join, and start it again.';

export async function runJoin(
  context: CommandContext,
  { at, listenOn, abandon }: RunJoinOptions,
): Promise<void> {
  const { paths, now, stderr } = context;
  const target = at === null ? null : parseAddress(at);
  const settings = await readSettings(paths, listenOn === null ? undefined : { listenOn });
  const closers = createClosers();
  try {
    await makePrivateFolder(paths.home);
    const lock = await lockHome(paths, STOP_UP);
    closers.add(() => lock.release());
    const identity = await findIdentity(paths);
    if (identity !== null && !abandon) await requireNobodyDepends(paths, identity);
    const talk = createTalk(null);
    const gateway = await openJoinGateway({
      settings,
      onLog: (line) => void stderr.write(`gateway: ${line}\n`),
      onEnd: () => void talk.stop(),
    });
    closers.add(() => gateway.close());
    const dialogue = createDialogue(context);
    closers.add(() => dialogue.close());
    const code = await askCode(context, dialogue, talk.stopped);
    const list = () => Promise.resolve(gateway.offers.list('join'));
    const offer = target ?? (await chooseOffer(context, dialogue, list, () => whyNoLink(settings.listen.on)));
    const label = labelOf(settings.name);
    const { control } = gateway;
    const run = tellEnd(talk, joinUser({ control, talk, paths, identity, label, offer, code, now }));
    await converse(context, talk, dialogue).catch((error: unknown) => {
      throw identity === null ? error : withOldKey(error, paths);
    });
    await run;
    await tellJoined(context, paths);
  } finally {
    await closers.closeAll();
  }
}

/** Null where there is a link to look on. */
function whyNoLink(on: Listen['on']): string | null {
  if (readAddresses(on).length > 0) return null;
  const [virtual] = on === 'link-local' ? readVirtualLinks() : [];
  const more = virtual === undefined ? '' : ` ${virtual} is virtual: say --listen ${virtual} if it is meant.`;
  return `There is no link yet to look on: plug in the cable.${more}`;
}

async function tellJoined({ output }: CommandContext, paths: Paths): Promise<void> {
  const { userId, deviceId } = (await findIdentity(paths)) ?? { userId: '', deviceId: '' };
  output.tell(
    { event: 'joined', userId, deviceId },
    `This device is ${deviceId} now, of user ${userId}. Next: patchcord up`,
  );
}

/** The other side says no without a reason: what it did not let go on, only its own screen tells. */
function withOldKey(error: unknown, { identity }: Paths): unknown {
  if (!(error instanceof Failure) || error.code !== REFUSED) return error;
  return new Failure('unavailable', REFUSED, error.message, {
    hint: `The other screen says why. If this device was revoked, it needs a new key: move ${identity} away, and join again.`,
  });
}

/** Its CA would be put aside, and others' certificates and shares hang on it. */
async function requireNobodyDepends(paths: Paths, { userId, deviceId }: Identity): Promise<void> {
  if ((await caKeyKind(paths)) === 'none') return;
  const { record } = await readRecord(paths, userId);
  if (!hasSignedOthers(record, deviceId)) return;
  throw new Failure('cannotCreate', 'user-in-use', 'this device’s own user has other devices, or shares', {
    hint: 'They could not be renewed or changed from here any more. Say --abandon-user if you mean it: the CA is kept in the folder "retired".',
  });
}
