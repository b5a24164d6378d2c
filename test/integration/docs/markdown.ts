// Reads the documents as data, so that tests can hold them against the code.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** Every document, from the root of the repository. */
export const DOCUMENTS: readonly string[] = [
  'README.md',
  'CHANGELOG.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];

export const readRepositoryFile = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

export interface CodeBlock {
  /** As in "json"; empty where the block says none. */
  readonly language: string;
  /** Of a comment `<!-- test: name -->` on the line before; null without. */
  readonly name: string | null;
  readonly text: string;
}

const BLOCK = /(?:<!-- test: (\w+) -->\n)?^```(\w*)\n([\s\S]*?)^```$/gm;

export const codeBlocks = (markdown: string): CodeBlock[] =>
  [...markdown.matchAll(BLOCK)].map(([, name, language = '', text = '']) => ({
    language,
    name: name ?? null,
    text,
  }));

/** The text of the block with this name; throws where there is none. */
export function namedBlock(markdown: string, name: string): string {
  const block = codeBlocks(markdown).find((candidate) => candidate.name === name);
  if (block === undefined) throw new Error(`there is no block named ${name}`);
  return block.text;
}

/** What stands between backticks outside of blocks. */
export const codeSpans = (markdown: string): string[] =>
  [...markdown.replace(BLOCK, '').matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);

/** The part below a heading, up to the next of the same level or a higher one; throws where there is none. */
export function section(markdown: string, heading: string): string {
  const level = /^#+/.exec(heading)?.[0].length ?? 0;
  const start = markdown.indexOf(`\n${heading}\n`);
  if (start < 0) throw new Error(`there is no heading ${heading}`);
  const rest = markdown.slice(start + heading.length + 2);
  const end = rest.search(new RegExp(`^#{1,${level}} `, 'm'));
  return end < 0 ? rest : rest.slice(0, end);
}

/** Rows of all tables, cell by cell, without heads and rules. */
export const tableRows = (markdown: string): string[][] =>
  markdown
    .replace(/^\|.*\|\n\|[-:|\s]+\|$/gm, '')
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );

/** The names between backticks in a cell. */
export const namesIn = (cell = ''): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
