// Manual pages (man(7)) out of the same tree of commands as the help.
import type { Command, Help } from 'commander';
import { examplesOf } from './examples.js';
import { EXIT, EXIT_MEANINGS, type ExitName } from './failure.js';

export interface ManPage {
  /** As in `patchcord-files-import.1`. */
  readonly file: string;
  readonly text: string;
}

const EXIT_NAMES = Object.keys(EXIT) as ExitName[];

/** A page for the command, and for each below it. */
export function createManPages(command: Command, version: string, above: readonly string[] = []): ManPage[] {
  const names = [...above, command.name()];
  const help = command.createHelp();
  const below = help.visibleCommands(command).filter((sub) => sub.name() !== 'help');
  const page = { file: `${names.join('-')}.1`, text: formatPage(command, help, names, version) };
  return [page, ...below.flatMap((sub) => createManPages(sub, version, names))];
}

function formatPage(command: Command, help: Help, names: readonly string[], version: string): string {
  const below = help.visibleCommands(command).filter((sub) => sub.name() !== 'help');
  const lines = [
    `.TH "${names.join('-').toUpperCase()}" "1" "" "patchcord ${version}" "User Commands"`,
    ...section('NAME', [`${escape(names.join('-'))} \\- ${escape(command.description())}`]),
    ...section('SYNOPSIS', [`.B ${escape(names.join(' '))}`, escape(command.usage())]),
    ...section(
      'ARGUMENTS',
      terms(
        help.visibleArguments(command),
        (one) => help.argumentTerm(one),
        (one) => help.argumentDescription(one),
      ),
    ),
    ...section(
      'OPTIONS',
      terms(
        help.visibleOptions(command),
        (one) => help.optionTerm(one),
        (one) => help.optionDescription(one),
      ),
    ),
    ...section(
      'COMMANDS',
      below.flatMap((sub) => term(`${[...names, sub.name()].join('-')}(1)`, sub.description())),
    ),
    ...section(
      'EXAMPLES',
      examplesOf(command).flatMap(([typed, purpose]) => term(typed, purpose)),
    ),
    ...section(
      'EXIT STATUS',
      EXIT_NAMES.flatMap((name) => term(String(EXIT[name]), EXIT_MEANINGS[name])),
    ),
  ];
  return `${lines.join('\n')}\n`;
}

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [`.SH ${title}`, ...lines];

const term = (name: string, text: string): string[] => ['.TP', `.B ${escape(name)}`, escape(text)];

const terms = <Item>(
  items: readonly Item[],
  nameOf: (item: Item) => string,
  textOf: (item: Item) => string,
): string[] => items.flatMap((item) => term(nameOf(item), textOf(item)));

const HEX_DIGITS = 4;
const HEX = 16;

/** What means something to roff: a backslash, a hyphen that is typed, a dot or quote that begins a line, other than ASCII. */
const escape = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^[.']/, '\\&$&')
    .replace(/[^\p{ASCII}]/gu, (character) => {
      const code = (character.codePointAt(0) ?? 0).toString(HEX).toUpperCase();
      return `\\[u${code.padStart(HEX_DIGITS, '0')}]`;
    });
