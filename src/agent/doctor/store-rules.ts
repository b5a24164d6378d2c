// Which stores the AppArmor profiles let the gateway read, as their tunables say it. Reads no file.

const STORES = /^\s*@\{patchcord_stores\}\s*(\+?)=\s*(.*)$/;
/** tunables/home of AppArmor, as it comes. */
const HOMES = '/{home/*,root}';

/**
 * Whether a path is one of @{patchcord_stores} (apparmor.d(5)), by these files, in their order. True where a pattern has
 * a variable that nobody here knows: then only the kernel's log tells.
 */
export function isStoreAllowed(tunables: readonly string[], path: string): boolean {
  const patterns: string[] = [];
  for (const line of tunables.join('\n').split('\n')) {
    const [, isMore, words = ''] = STORES.exec(line) ?? [];
    if (isMore === undefined) continue;
    if (isMore === '') patterns.length = 0;
    // A path with a space stands in quotes.
    patterns.push(...(words.match(/"[^"]*"|\S+/g) ?? []));
  }
  return patterns.some((pattern) => matches(pattern, path));
}

function matches(pattern: string, path: string): boolean {
  const known = pattern.replaceAll('"', '').replaceAll(/@\{HOME\}\/?/g, `${HOMES}/`);
  return known.includes('@{') || new RegExp(`^${toRegExp(known)}$`).test(path);
}

/** `*` ends at a slash, `**` does not, `{a,b}` is either; anything else is itself. */
function toRegExp(pattern: string): string {
  const parts = pattern.match(/\*\*|[*?{},]|[^*?{},]+/g) ?? [];
  return parts.map((part) => GLOB.get(part) ?? part.replaceAll(/[$()+.[\\\]^|]/g, String.raw`\$&`)).join('');
}

const GLOB = new Map([
  ['**', '.*'],
  ['*', '[^/]*'],
  ['?', '[^/]'],
  ['{', '(?:'],
  ['}', ')'],
  [',', '|'],
]);
