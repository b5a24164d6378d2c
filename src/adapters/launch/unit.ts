// The gateway as a systemd unit of its own, in this user's manager: for a launcher whose own unit knows only loopback,
// because an address filter holds for all that a unit starts. What holds the unit is apparmor/systemd.
import { randomUUID } from 'node:crypto';

/** The drop-in `patchcord-gateway-.service.d` is for units with this beginning. */
const UNIT = 'patchcord-gateway-';
/** What systemd-run needs to find the manager; nothing of it reaches the unit. */
const VARIABLES = ['XDG_RUNTIME_DIR', 'DBUS_SESSION_BUS_ADDRESS'];

/** `command`, run by the manager, with this process's pipes and its exit code. */
export const inUnit = (command: readonly string[]): string[] => [
  'systemd-run',
  ...['--user', '--quiet', '--collect', '--pipe', '--wait', '--service-type=exec'],
  `--unit=${UNIT}${randomUUID()}.service`,
  '--',
  ...command,
];

export const unitVariables = (): Record<string, string> =>
  Object.fromEntries(
    VARIABLES.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
