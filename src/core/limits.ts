// Every bound on what a peer can grow, with its unit. `limits` in the env may set any of them.

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;
const SECOND = 1000;

/** Design section 9. Names carry the unit: `Ms`, `Bytes`, or a count. */
export const DEFAULT_LIMITS = {
  /** Connections that no leaf was judged for yet: in all, for each address, and for how long. */
  strangers: 64,
  strangersPerAddress: 8,
  strangerMs: 10 * SECOND,
  /** Connections that were let in. */
  connections: 1024,
  connectionsPerPrincipal: 256,
  headerBytes: 16 * KIB,
  headerFields: 64,
  headerMs: 10 * SECOND,
  /** A connection with no request in flight. */
  idleMs: 65 * SECOND,
  requestsPerPrincipal: 64,
  feedsPerPrincipal: 128,
  /** The shortest heartbeat that a feed may ask for. */
  heartbeatMs: 1 * SECOND,
  bulkBodyBytes: 64 * MIB,
  attachmentBytes: 1 * GIB,
  localDocumentBytes: 64 * KIB,
  localDocumentsPerPrincipal: 1000,
  bodyBytes: 8 * MIB,
  /** Bodies that are held while they are judged, of all principals together. */
  bodyMemoryBytes: 256 * MIB,
  /** A reply of which the peer takes nothing. */
  replyStallMs: 30 * SECOND,
  /** A request body slower than `bodyBytesPerSecond`, for as long as this. */
  bodyStallMs: 30 * SECOND,
  bodyBytesPerSecond: 1 * KIB,
  upstreamConnectMs: 5 * SECOND,
  upstreamFirstByteMs: 120 * SECOND,
  haveIds: 1000,
  haveIdsPerMinute: 10_000,
  /** To a peer, for local programs: requests in flight, open feeds, those that wait for their turn, and how long. */
  peerRequests: 32,
  peerFeeds: 128,
  peerQueued: 256,
  peerQueueMs: 30 * SECOND,
  /** From the start of a connection to a peer to the judgement of its leaf. */
  peerDialMs: 5 * SECOND,
  /** A peer waits for its own upstream before it answers. */
  peerFirstByteMs: 150 * SECOND,
  /** A blob of which the peer sends nothing: the rest is asked for on another connection. */
  peerBlobStallMs: 10 * SECOND,
  drainMs: 10 * SECOND,
} as const;

export type LimitName = keyof typeof DEFAULT_LIMITS;
export type Limits = Readonly<Record<LimitName, number>>;

export const LIMIT_NAMES = Object.keys(DEFAULT_LIMITS) as LimitName[];
