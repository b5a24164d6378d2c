// What the agent and its embedded server say to each other: one JSON line down the child's stdin, then JSON lines up
// its stdout. Secrets go this way only, never as an argument or in the environment.
import * as v from 'valibot';

export interface Admin {
  readonly username: string;
  readonly password: string;
}

export interface ChildConfig {
  /** Absolute; made when it is not there. */
  readonly folder: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly admin: Admin;
}

/** Why the server cannot run at all; trying again would not help, but for a port that someone may free. */
export type FatalCode = 'config' | 'packages-missing' | 'folder' | 'port-taken';

/** After `fatal` the child exits with this code (sysexits.h). */
export const EXIT_CODES: Readonly<Record<FatalCode, number>> = {
  config: 78,
  'packages-missing': 69,
  folder: 73,
  'port-taken': 71,
};

export type ChildMessage =
  | { readonly event: 'listening'; readonly port: number }
  | { readonly event: 'fatal'; readonly code: FatalCode; readonly reason: string };

export const MAX_MESSAGE_BYTES = 64 * 1024;

const TEXT = v.pipe(v.string(), v.nonEmpty());
const PORT = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65_535));
/** Basic authentication separates name and password by the first colon. */
const USERNAME = v.pipe(v.string(), v.regex(/^[^:]+$/));
const CONFIG = v.strictObject({
  folder: v.pipe(v.string(), v.startsWith('/')),
  port: PORT,
  admin: v.strictObject({ username: USERNAME, password: TEXT }),
});
const MESSAGE = v.variant('event', [
  v.strictObject({ event: v.literal('listening'), port: PORT }),
  v.strictObject({
    event: v.literal('fatal'),
    code: v.picklist(Object.keys(EXIT_CODES) as FatalCode[]),
    reason: v.string(),
  }),
]);

/** The config in a line; null for anything else. There is no admin party: without an admin there is no config. */
export const parseChildConfig = (line: string): ChildConfig | null => parseLine(CONFIG, line);
/** The message in a line; null for anything else. */
export const parseChildMessage = (line: string): ChildMessage | null => parseLine(MESSAGE, line);

function parseLine<const Schema extends v.GenericSchema>(
  schema: Schema,
  line: string,
): v.InferOutput<Schema> | null {
  try {
    const result = v.safeParse(schema, JSON.parse(line));
    return result.success ? result.output : null;
  } catch {
    return null;
  }
}
