// Where a peer may be dialled: never a URL, since those carry no zone.

export interface DialAddress {
  /** An IPv6 literal without its zone: link-local, or `::1`. */
  readonly address: string;
  /** This side's name of the link; null for loopback. */
  readonly zone: string | null;
  readonly port: number;
}

/** One text for one address, to key maps with. */
export const addressKey = ({ address, zone, port }: DialAddress): string =>
  JSON.stringify([address, zone, port]);
