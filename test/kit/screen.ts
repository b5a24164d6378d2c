// What stands on a terminal after all that was written to it: as much of ECMA-48 as a progress bar uses.

const PART = /\u001b\[\??([\d;]*)([A-Za-z])|\u001b([78])|([^])/g;

/** The lines of an endless screen, without spaces at their ends, without those that are empty. */
export function screenOf(written: string): string[] {
  const lines = new Map<number, string[]>();
  let [row, column] = [0, 0];
  let saved = [row, column] as const;
  const lineAt = (index: number): string[] => {
    const line = lines.get(index) ?? [];
    lines.set(index, line);
    return line;
  };
  const erase = (how: string): void => {
    const line = lineAt(row);
    if (how === '2') line.fill(' ');
    else if (how === '1') line.fill(' ', 0, column + 1);
    else line.splice(column);
  };
  for (const [, numbers = '', command, cursor, character = ''] of written.matchAll(PART)) {
    if (cursor === '7') saved = [row, column];
    else if (cursor === '8') [row, column] = saved;
    else if (command === 'K') erase(numbers);
    else if (command === 'G') column = Number(numbers || '1') - 1;
    else if (character === '\r') column = 0;
    else if (character === '\n') row += 1;
    else if (command === undefined) {
      const line = lineAt(row);
      while (line.length < column) line.push(' ');
      line[column] = character;
      column += 1;
    }
  }
  return [...lines]
    .sort(([one], [other]) => one - other)
    .map(([, line]) => line.join('').trimEnd())
    .filter((line) => line !== '');
}
