// The shape of the data: each row is a refused request beside the permitted one that differs from it in one thing.

/**
 * "METHOD target" of a request that is refused, its status, the twin that is let through, and what the upstream must
 * be sent for the twin. Characters above \x7f are bytes. `{tag}` is the tag of the principal's local documents.
 */
export type TargetRow = readonly [refused: string, status: number, twin: string, sent: string];

/** A request that is let through though it tries something: what the upstream must be sent all the same. */
export type HarmlessRow = readonly [request: string, sent: string];
