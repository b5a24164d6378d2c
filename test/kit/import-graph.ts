// What a built file loads: its imports followed through this package and the packages it uses, read from the syntax
// and not by running anything. So a test can say what can never be loaded, whatever happens.
import { readFileSync, realpathSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import ts from 'typescript';

export interface ImportGraph {
  /** Real path of each module, with its syntax. */
  readonly modules: ReadonlyMap<string, ts.SourceFile>;
  /** Name of each of Node's own modules, without `node:`, with the files that load it. */
  readonly builtins: ReadonlyMap<string, ReadonlySet<string>>;
  /** `file: what` for whatever could not be followed: a name made while running, a package that is not there. */
  readonly lost: readonly string[];
}

interface Reference {
  /** Null where the name is no literal. */
  readonly name: string | null;
  readonly kind: 'import' | 'require' | 'url';
}

const NOT_CODE = /\.(json|node|wasm)$/;

/** Follows every import from `entry`; into packages only where `withPackages` says so. */
export function readImportGraph(entry: string, { withPackages = true } = {}): ImportGraph {
  const modules = new Map<string, ts.SourceFile>();
  const builtins = new Map<string, Set<string>>();
  const lost: string[] = [];
  const waiting = [realpathSync(entry)];

  function follow(file: string, { name, kind }: Reference): void {
    if (name === null) return void lost.push(`${file}: a name made while running`);
    if (isBuiltin(name)) {
      const builtin = name.replace(/^node:/, '');
      const users = builtins.get(builtin) ?? new Set();
      builtins.set(builtin, users.add(file));
    } else if (withPackages || /^[./]/.test(name)) {
      const target = resolve(file, name, kind);
      if (target === null) lost.push(`${file}: ${name}`);
      else waiting.push(target);
    }
  }

  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (modules.has(file) || NOT_CODE.test(file)) continue;
    const source = parse(file);
    modules.set(file, source);
    for (const reference of references(source)) follow(file, reference);
  }
  return { modules, builtins, lost };
}

const parse = (file: string): ts.SourceFile =>
  ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true, ts.ScriptKind.JS);

function resolve(file: string, name: string, kind: Reference['kind']): string | null {
  try {
    if (kind !== 'import') return realpathSync(createRequire(file).resolve(name));
    // A package's name is resolved from here: it stands in the same `node_modules`.
    return realpathSync(
      /^[./]/.test(name) ? new URL(name, `file://${file}`) : new URL(import.meta.resolve(name)),
    );
  } catch {
    return null;
  }
}

/** Every node of the syntax. */
export function* nodesOf(node: ts.Node): Generator<ts.Node> {
  yield node;
  for (const child of node.getChildren()) yield* nodesOf(child);
}

function* references(source: ts.SourceFile): Generator<Reference> {
  for (const node of nodesOf(source)) {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
      if (node.moduleSpecifier !== undefined) yield { name: literal(node.moduleSpecifier), kind: 'import' };
    } else if (ts.isCallExpression(node)) {
      const { expression, arguments: given } = node;
      if (expression.kind === ts.SyntaxKind.ImportKeyword) yield { name: literal(given[0]), kind: 'import' };
      if (ts.isIdentifier(expression) && expression.text === 'require' && given.length === 1)
        yield { name: literal(given[0]), kind: 'require' };
    } else if (ts.isNewExpression(node) && ts.isIdentifier(node.expression)) {
      const name = node.expression.text === 'URL' ? literal(node.arguments?.[0]) : null;
      // A thread's or a child's script.
      if (name?.startsWith('.') === true && name.endsWith('.js')) yield { name, kind: 'url' };
    }
  }
}

const literal = (node: ts.Node | undefined): string | null =>
  node !== undefined && ts.isStringLiteralLike(node) ? node.text : null;
