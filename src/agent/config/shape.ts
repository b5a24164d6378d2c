// The shape of config.json, as data. Where the gateway's env has the same key, it means the same here.
import * as v from 'valibot';
import {
  COUCHDB,
  DISCOVERY,
  FILES,
  IDENTITY,
  LIMITS,
  LISTEN,
  PEER_STREAMS,
  POLICY,
  TRUST,
} from '../../core/env/shape.js';
import { DEFAULT_FETCH_RULES } from '../../core/fetch/rules.js';
import { DEFAULT_DIRECTORY } from './default-policy.js';

const text = v.pipe(v.string(), v.maxLength(4096, 'is too long'));
const bytes = v.pipe(v.number(), v.safeInteger('must be a whole number'), v.minValue(0, 'must be 0 or more'));
const filled = v.pipe(
  text,
  v.check((value) => value !== '', 'may not be empty'),
);

export const CONFIG = v.strictObject({
  /** What people call this device; the host's name where there is none. */
  name: v.optional(IDENTITY.entries.name),
  listen: v.optional(
    v.strictObject({ on: v.optional(LISTEN.entries.on, 'link-local'), port: LISTEN.entries.port }),
    {},
  ),
  /** Left out: the embedded server. */
  couchdb: v.optional(
    v.strictObject({
      url: COUCHDB.entries.url,
      serverName: COUCHDB.entries.serverName,
      ca: COUCHDB.entries.ca,
      /** The administrator. The file may then be read by this user alone. */
      admin: v.optional(v.strictObject({ username: filled, password: filled })),
    }),
  ),
  /** Left out: the store in the home. */
  files: v.optional(FILES),
  /** Other users' CAs, single certificates, and this device's own denials. */
  trust: v.optional(
    v.strictObject({
      cas: v.optional(TRUST.entries.cas, {}),
      certs: TRUST.entries.certs,
      revoked: TRUST.entries.revoked,
    }),
    {},
  ),
  /** Left out: own devices only. */
  policy: v.optional(POLICY),
  /** The database of signed statements. */
  directory: v.optional(text, DEFAULT_DIRECTORY),
  discovery: v.optional(DISCOVERY, {}),
  /** The tokens are in the home. */
  peerStreams: v.optional(
    v.strictObject({
      /** Left out: chosen once, and kept in the home. */
      port: v.optional(
        v.pipe(
          PEER_STREAMS.entries.port.wrapped,
          v.check((value) => value !== 0, 'must be a port that stays the same'),
        ),
      ),
      reconnect: PEER_STREAMS.entries.reconnect,
      addresses: PEER_STREAMS.entries.addresses,
    }),
    {},
  ),
  /** Which files come unasked, and how much room stays free. */
  fetch: v.optional(
    v.strictObject({
      databases: v.optional(v.array(text), [...DEFAULT_FETCH_RULES.databases]),
      maxFileBytes: v.optional(v.nullable(bytes), DEFAULT_FETCH_RULES.maxFileBytes),
      quotaBytes: v.optional(bytes, DEFAULT_FETCH_RULES.quotaBytes),
      keepFreeBytes: v.optional(v.nullable(bytes), DEFAULT_FETCH_RULES.keepFreeBytes),
    }),
    {},
  ),
  limits: v.optional(LIMITS),
});
