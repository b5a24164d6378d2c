// What a terminal can show beside lines of text, where a person reads and wants it (NO_COLOR, https://no-color.org).
import { styleText } from 'node:util';

export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly warn: (text: string) => string;
}

/** A terminal on which what stands there can be drawn over: one that does not say what it is may be dumb. */
export const canDraw = (stream: { readonly isTTY: boolean }, env: NodeJS.ProcessEnv): boolean =>
  stream.isTTY && !['', 'dumb'].includes(env['TERM'] ?? '');

const plain = (text: string): string => text;

/** `styleText` would look at the environment for itself, and takes a NO_COLOR that is empty for one that is not. */
const styled = (format: 'bold' | 'dim' | 'yellow') => (text: string) =>
  styleText(format, text, { validateStream: false });

export function createStyle(isDrawn: boolean, env: NodeJS.ProcessEnv): Style {
  const noColour = env['NO_COLOR'] ?? '';
  if (!isDrawn || noColour !== '') return { bold: plain, dim: plain, warn: plain };
  return { bold: styled('bold'), dim: styled('dim'), warn: styled('yellow') };
}
