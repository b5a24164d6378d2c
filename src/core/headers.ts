// Headers of one message carried over into another, by allow-lists.

export type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Those of `names` that `headers` has, once: what came as a list of values, and what is not named, stays behind. */
export const pickHeaders = (headers: Headers, names: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    names.flatMap((name) => {
      const value = headers[name];
      return typeof value === 'string' ? [[name, value]] : [];
    }),
  );
