// Headers of one message carried over into another, by allow-lists.

export type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Names and values in turn. */
export type HeaderList = readonly string[];

/** Those of `names` that `headers` has, once: what came as a list of values, and what is not named, stays behind. */
export function pickHeaders(headers: Headers, names: readonly string[]): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const name of names) {
    const value = headers[name];
    if (typeof value === 'string') picked[name] = value;
  }
  return picked;
}

/** The same as a list: made for every request that is forwarded, it costs less than an object of ever other names. */
export function listHeaders(headers: Headers, names: readonly string[]): string[] {
  const list: string[] = [];
  for (const name of names) {
    const value = headers[name];
    if (typeof value === 'string') list.push(name, value);
  }
  return list;
}
