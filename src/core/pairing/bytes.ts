// How bytes travel in the JSON of pairing: as base64url without padding, and in that one text for them only.
import * as v from 'valibot';

export const formatBytes = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');

/** The bytes of a base64url text; null for what `formatBytes` does not write. */
export function parseBytes(text: string): Uint8Array | null {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? new Uint8Array(bytes) : null;
}

/** A text that stands for `min` to `max` bytes. */
export const bytesShape = (min: number, max = min) =>
  v.pipe(
    v.string(),
    v.maxLength(Math.ceil((max * 4) / 3)),
    v.rawTransform(({ dataset, NEVER, addIssue }): Uint8Array => {
      const bytes = parseBytes(dataset.value);
      if (bytes !== null && bytes.length >= min && bytes.length <= max) return bytes;
      addIssue({ message: 'must be base64url of the right length' });
      return NEVER;
    }),
  );
