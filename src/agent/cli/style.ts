// Bold, dim and yellow, where a person reads and wants it (NO_COLOR, https://no-color.org).
import { styleText } from 'node:util';

export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly warn: (text: string) => string;
}

const plain = (text: string): string => text;

export function createStyle(isTerminal: boolean, env: NodeJS.ProcessEnv): Style {
  const noColour = env['NO_COLOR'];
  if (!isTerminal || (noColour !== undefined && noColour !== '') || env['TERM'] === 'dumb')
    return { bold: plain, dim: plain, warn: plain };
  return {
    bold: (text) => styleText('bold', text),
    dim: (text) => styleText('dim', text),
    warn: (text) => styleText('yellow', text),
  };
}
