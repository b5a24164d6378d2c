// A code in letters of five lines, to be read from across a table. Each line of a letter is five bits.

const LINES = 5;
const BITS = 5;

const GLYPHS = new Map<string, readonly number[]>([
  ['0', [14, 19, 21, 25, 14]],
  ['1', [4, 12, 4, 4, 14]],
  ['2', [30, 1, 14, 16, 31]],
  ['3', [30, 1, 14, 1, 30]],
  ['4', [18, 18, 31, 2, 2]],
  ['5', [31, 16, 30, 1, 30]],
  ['6', [14, 16, 30, 17, 14]],
  ['7', [31, 2, 4, 8, 8]],
  ['8', [14, 17, 14, 17, 14]],
  ['9', [14, 17, 15, 1, 14]],
  ['A', [14, 17, 31, 17, 17]],
  ['B', [30, 17, 30, 17, 30]],
  ['C', [15, 16, 16, 16, 15]],
  ['D', [30, 17, 17, 17, 30]],
  ['E', [31, 16, 30, 16, 31]],
  ['F', [31, 16, 30, 16, 16]],
  ['G', [15, 16, 19, 17, 15]],
  ['H', [17, 17, 31, 17, 17]],
  ['J', [1, 1, 1, 17, 14]],
  ['K', [17, 18, 28, 18, 17]],
  ['M', [17, 27, 21, 17, 17]],
  ['N', [17, 25, 21, 19, 17]],
  ['P', [30, 17, 30, 16, 16]],
  ['Q', [14, 17, 21, 18, 13]],
  ['R', [30, 17, 30, 18, 17]],
  ['S', [15, 16, 14, 1, 30]],
  ['T', [31, 4, 4, 4, 4]],
  ['V', [17, 17, 17, 10, 4]],
  ['W', [17, 17, 21, 27, 17]],
  ['X', [17, 10, 4, 10, 17]],
  ['Y', [17, 10, 4, 4, 4]],
  ['Z', [31, 2, 4, 8, 31]],
  ['-', [0, 0, 14, 0, 0]],
]);

/** For the characters of a code; others are left out. */
export function bigText(code: string): string {
  const glyphs = Array.from({ length: code.length }, (_, at) => GLYPHS.get(code.charAt(at)) ?? []);
  return Array.from({ length: LINES }, (_, line) =>
    glyphs.map((glyph) => draw(glyph[line] ?? 0)).join('  '),
  ).join('\n');
}

const draw = (bits: number): string =>
  bits.toString(2).padStart(BITS, '0').replaceAll('0', ' ').replaceAll('1', '█');
