// The shape of the env (docs/protocol-control.md), as data. An unknown key is a problem like any other: a misspelt
// `revoked` must not let someone in. What the values mean to each other is judged in the files beside this one.
import * as v from 'valibot';
import { DEFAULT_LIMITS, LIMIT_NAMES, type LimitName } from '../limits.js';

const MAX_NAME_CHARACTERS = 64;
const MAX_TEXT_CHARACTERS = 65_536;
const MAX_ENTRIES = 100_000;
const MAX_STORES = 64;
/** Each costs the hashes of three names a day. */
export const MAX_KNOWN_DEVICES = 4096;
const MAX_PORT = 65_535;
const MAX_LIMIT = 2 ** 40;

const text = v.pipe(v.string(), v.maxLength(MAX_TEXT_CHARACTERS, 'is too long'));
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/;
/** A name that people read: no control or bidirectional characters. */
const personName = v.pipe(
  v.string(),
  v.check((name) => name !== '' && name.length <= MAX_NAME_CHARACTERS, 'must have 1 to 64 characters'),
  v.check((name) => !UNPRINTABLE.test(name), 'may hold no control or bidirectional characters'),
);
/** A name that other parts of the env refer to. */
const key = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'must be a name of letters, digits, ".", "_", "-"'),
);
const port = v.pipe(
  v.number(),
  v.check(
    (value) => Number.isInteger(value) && value >= 0 && value <= MAX_PORT,
    'must be a port, or 0 for any',
  ),
);
const id = v.pipe(v.string(), v.regex(/^[3-9A-Y]{48}$/, 'must be an id: 48 characters of D-Base32'));
const list = <Item extends v.GenericSchema>(item: Item) =>
  v.pipe(v.array(item), v.maxLength(MAX_ENTRIES, 'has too many entries'));
const oneOf = (...values: [string, ...string[]]) =>
  `must be ${values.map((value) => JSON.stringify(value)).join(' or ')}`;

const limit = (name: LimitName) =>
  v.optional(
    v.pipe(
      v.number(),
      v.check(
        (value) => Number.isInteger(value) && value >= 1 && value <= MAX_LIMIT,
        'must be a whole number, 1 or more',
      ),
    ),
    DEFAULT_LIMITS[name],
  );

export const IDENTITY = v.strictObject({ userId: id, deviceId: id, name: personName, cert: text, key: text });

export const TRUST = v.strictObject({
  cas: v.record(key, text),
  certs: v.optional(v.record(key, text), {}),
  revoked: v.optional(list(text), []),
  revocations: v.optional(list(v.unknown()), []),
});

const linkName = v.pipe(v.string(), v.regex(/^[^\s/%:]{1,15}$/, 'must be the name of a link'));
export const LISTEN = v.strictObject({
  on: v.union(
    [v.literal('link-local'), v.literal('loopback'), v.pipe(v.array(linkName), v.minLength(1))],
    `${oneOf('link-local', 'loopback')} or a list of link names`,
  ),
  port: v.optional(port, 0),
});

export const COUCHDB = v.strictObject({
  url: text,
  serverName: v.optional(text),
  ca: v.optional(text),
  databases: v.optional(list(text)),
  credentials: v.record(
    key,
    v.union(
      [
        v.strictObject({ basic: v.strictObject({ username: text, password: text }) }),
        v.strictObject({ jwt: v.strictObject({ token: text }) }),
        v.strictObject({ none: v.strictObject({}) }),
      ],
      'must be {"basic": {"username", "password"}}, {"jwt": {"token"}} or {"none": {}}',
    ),
  ),
});

export const FILES = v.strictObject({
  stores: v.pipe(v.array(text), v.maxLength(MAX_STORES, 'has too many entries')),
});

export const POLICY = v.strictObject({
  roles: v.record(
    key,
    v.strictObject({
      databases: v.optional(
        list(
          v.strictObject({
            name: text,
            access: v.picklist(['read', 'write'], oneOf('read', 'write')),
            query: v.optional(v.boolean(), false),
            design: v.optional(v.boolean(), false),
          }),
        ),
        [],
      ),
      files: v.optional(
        v.union(
          [v.literal('all'), v.literal('none'), v.strictObject({ referencedIn: list(text) })],
          `${oneOf('all', 'none')} or {"referencedIn": [databases]}`,
        ),
        'none',
      ),
      credentials: v.optional(key),
    }),
  ),
  principals: list(
    v.union(
      [
        v.strictObject({ issuer: key, device: v.optional(id), role: key }),
        v.strictObject({ cert: key, role: key }),
      ],
      'must be {"issuer", "role"}, {"issuer", "device", "role"} or {"cert", "role"}',
    ),
  ),
});

export const DISCOVERY = v.strictObject({
  announce: v.optional(v.boolean()),
  browse: v.optional(v.boolean()),
  known: v.optional(v.pipe(v.array(id), v.maxLength(MAX_KNOWN_DEVICES, 'has too many entries')), []),
});

const MAX_DELAYS = 32;
const MAX_DELAY_MS = 3_600_000;
const MAX_HIDE_MS = 60_000;
const MAX_HINTS_PER_DEVICE = 8;
const milliseconds = (most: number) =>
  v.pipe(
    v.number(),
    v.check(
      (value) => Number.isInteger(value) && value >= 0 && value <= most,
      `must be milliseconds: a whole number from 0 to ${most}`,
    ),
  );
/** What is left out is as in `DEFAULT_RECONNECT`. */
const RECONNECT = v.strictObject({
  delaysMs: v.optional(
    v.pipe(
      v.array(milliseconds(MAX_DELAY_MS)),
      v.minLength(1, 'must have at least one delay'),
      v.maxLength(MAX_DELAYS, 'has too many entries'),
    ),
  ),
  jitter: v.optional(
    v.pipe(
      v.number(),
      v.check((value) => value >= 0 && value <= 1, 'must be a share, from 0 to 1'),
    ),
  ),
  hideMs: v.optional(milliseconds(MAX_HIDE_MS)),
  mode: v.optional(v.picklist(['keep-up', 'on-demand'], oneOf('keep-up', 'on-demand'))),
});

export const PEER_STREAMS = v.strictObject({
  port: v.optional(port),
  fd: v.optional(v.literal(3, 'must be 3')),
  tokens: v.record(key, v.pipe(v.string(), v.minLength(16, 'must have 16 characters or more'))),
  reconnect: v.optional(RECONNECT, {}),
  addresses: v.optional(
    v.record(
      id,
      v.pipe(
        v.array(v.strictObject({ address: text, zone: v.nullable(linkName), port })),
        v.maxLength(MAX_HINTS_PER_DEVICE, 'has too many entries'),
      ),
    ),
    {},
  ),
});

export const LIMITS = v.strictObject(
  Object.fromEntries(LIMIT_NAMES.map((name) => [name, limit(name)])) as Record<
    LimitName,
    ReturnType<typeof limit>
  >,
);

/** The top level; each key is judged by itself, so that problems everywhere are told at once. */
export const TOP_LEVEL_KEYS = [
  'version',
  'identity',
  'trust',
  'listen',
  'couchdb',
  'files',
  'policy',
  'discovery',
  'peerStreams',
  'limits',
] as const;
export type TopLevelKey = (typeof TOP_LEVEL_KEYS)[number];
