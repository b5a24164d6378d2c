// What the gateway's built files must never be able to load or call, told as breaches of one import graph.
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { nodesOf, readImportGraph } from './import-graph.js';

const DIST = fileURLToPath(new URL('../../dist/', import.meta.url));

/** All of Node that the gateway and its packages may load. Not: child_process, cluster, dns, inspector, module, vm. */
const BUILTINS = new Set([
  ...[
    'assert',
    'async_hooks',
    'buffer',
    'crypto',
    'dgram',
    'diagnostics_channel',
    'events',
    'fs',
    'fs/promises',
  ],
  ...[
    'http',
    'https',
    'net',
    'os',
    'path',
    'querystring',
    'stream',
    'stream/promises',
    'tls',
    'tty',
    'url',
    'util',
  ],
  ...['string_decoder', 'timers', 'timers/promises', 'v8', 'worker_threads', 'zlib'],
]);

/** What of `fs` only reads. `open` is looked at below; a `ReadStream` is asked for by a package that closes one. */
const READING = new Set([
  ...['constants', 'existsSync', 'lstat', 'open', 'readFileSync', 'readSync', 'readdirSync', 'statfs'],
  'ReadStream',
]);
const READING_FLAGS = /^O_(RDONLY|DIRECTORY|NOFOLLOW|NONBLOCK|PATH)$/;

/** Ways around an import, and to write a file without `fs`. */
const TRICKS = new Set([
  ...['getBuiltinModule', 'process.binding', '_linkedBinding', 'dlopen', 'createRequire', 'mainModule'],
  ...['writeHeapSnapshot', 'writeReport', 'setHeapSnapshotNearHeapLimit'],
]);

/** Certificate making, administrators' clients, and what writes files or starts processes. */
const MODULES = [
  /\/node_modules\/(nano|node-forge|pouchdb[^/]*|express[^/]*)\//,
  new RegExp(
    `^${DIST}(agent/|index\\.js|adapters/(pki|launch|home|agent-socket|couch-client|peer-streams|replicator)/)`,
  ),
  new RegExp(
    `^${DIST}adapters/files/(create-store|store-writer|copy-leaves|list-blobs|place-blob|partial-blob)\\.js`,
  ),
];
/** debug's colours, which are asked for in a `try`; nothing installs it. */
const ABSENT = /\/debug\/src\/node\.js: supports-color$/;

/** Of undici, asked for when someone fetches, and left out of the one file that runs, which is looked at as well. */
const LEFT_OUT = /\/undici\/lib\/(dispatcher\/client-h2|util\/runtime-features|web\/\S+)\.js: /;

/** Sentences of the form `kind file: what`, none where the wall holds. */
export function breachesOf(entry: string): string[] {
  const { modules, builtins, lost } = readImportGraph(entry);
  const breaches = lost.filter((text) => !ABSENT.test(text)).map((text) => `lost ${text}`);
  for (const [name, files] of builtins) {
    if (!BUILTINS.has(name)) breaches.push(...[...files].map((file) => `builtin ${file}: ${name}`));
  }
  for (const [file, source] of modules) {
    if (MODULES.some((pattern) => pattern.test(file)))
      breaches.push(`module ${file}: is not for the gateway`);
    breaches.push(...breachesIn(source).map((text) => `${text.kind} ${file}: ${text.what}`));
  }
  return breaches.filter((text) => !LEFT_OUT.test(text));
}

interface Breach {
  readonly kind: 'fs' | 'flag' | 'trick';
  readonly what: string;
}

function breachesIn(source: ts.SourceFile): Breach[] {
  const nodes = [...nodesOf(source)];
  const taken = nodes.filter(isFs).flatMap(namesOf);
  const properties = nodes.filter(ts.isPropertyAccessExpression).map(nameOf);
  return [
    ...taken.filter((name) => !READING.has(name)).map((what) => ({ kind: 'fs' as const, what })),
    ...properties.filter((name) => TRICKS.has(name)).map((what) => ({ kind: 'trick' as const, what })),
    ...properties.filter(isWritingFlag).map((what) => ({ kind: 'flag' as const, what })),
    ...callsOfOpen(nodes)
      .filter((call) => !hasFlags(call))
      .map(whatOf),
  ];
}

/** `binding` alone is a word of others too. */
const nameOf = (node: ts.PropertyAccessExpression): string =>
  node.getText() === 'process.binding' ? 'process.binding' : node.name.text;

const isWritingFlag = (name: string): boolean => /^O_[A-Z]+$/.test(name) && !READING_FLAGS.test(name);
const FS = /^(node:)?fs(\/promises)?$/;
type FsUse = ts.ImportDeclaration | ts.CallExpression;

/** An import of `fs`, or a `require` of it. */
function isFs(node: ts.Node): node is FsUse {
  if (ts.isImportDeclaration(node)) return FS.test((node.moduleSpecifier as ts.StringLiteral).text);
  if (!ts.isCallExpression(node) || node.arguments.length !== 1) return false;
  const [name] = node.arguments;
  const isLoading = node.expression.getText() === 'require' || node.expression.getText() === 'import';
  return isLoading && name !== undefined && ts.isStringLiteral(name) && FS.test(name.text);
}

/** What is taken of it, by name; `*` for all of it. */
function namesOf(node: FsUse): string[] {
  if (ts.isCallExpression(node))
    return [ts.isPropertyAccessExpression(node.parent) ? node.parent.name.text : '*'];
  const { name, namedBindings } = node.importClause ?? {};
  if (name !== undefined || namedBindings === undefined || !ts.isNamedImports(namedBindings)) return ['*'];
  return namedBindings.elements.map((element) => (element.propertyName ?? element.name).text);
}

/** The calls of `open` in a file that has it from `fs`. */
const callsOfOpen = (nodes: readonly ts.Node[]): ts.CallExpression[] =>
  nodes.some((node) => isFs(node) && namesOf(node).includes('open'))
    ? nodes.filter(ts.isCallExpression).filter(({ expression }) => expression.getText() === 'open')
    : [];

/** `'w'` writes, and no flags at all may come to mean anything. */
const hasFlags = ({ arguments: [, flags] }: ts.CallExpression): boolean =>
  flags !== undefined && ts.isIdentifier(flags);
const whatOf = (call: ts.CallExpression): Breach => ({ kind: 'flag', what: call.getText() });
