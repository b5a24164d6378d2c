// Problems in what a launcher sent: a path and a reason, all of them at once. A reason never quotes a value, since
// any value of the env may be a secret in the wrong place.
import * as v from 'valibot';

export interface Problem {
  /** As in `$.policy.principals[3].issuer`. */
  readonly path: string;
  readonly reason: string;
}

export type PathPart = string | number;

const PLAIN_KEY = /^[A-Za-z_][A-Za-z0-9_-]*$/;

/** `$`, then `.key`, `["key"]` or `[index]` for each part. */
export const formatPath = (parts: readonly PathPart[]): string =>
  parts.reduce<string>((path, part) => {
    if (typeof part === 'number') return `${path}[${part}]`;
    return PLAIN_KEY.test(part) ? `${path}.${part}` : `${path}[${JSON.stringify(part)}]`;
  }, '$');

/** Collects problems: everything is looked at, nothing stops at the first. */
export interface Problems {
  add(path: readonly PathPart[], reason: string): void;
  readonly list: readonly Problem[];
}

export function createProblems(): Problems {
  const list: Problem[] = [];
  return { list, add: (path, reason) => void list.push({ path: formatPath(path), reason }) };
}

/** The value of `schema`, or null after its problems were added below `path`. */
export function parseShape<Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
  path: readonly PathPart[],
  problems: Problems,
): v.InferOutput<Schema> | null {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  for (const issue of result.issues) problems.add([...path, ...pathOf(issue)], reasonOf(issue));
  return null;
}

const pathOf = (issue: v.BaseIssue<unknown>): PathPart[] =>
  (issue.path ?? []).map(({ key }) => (typeof key === 'number' ? key : String(key)));

/** In own words: the library's quote what they received. */
function reasonOf(issue: v.BaseIssue<unknown>): string {
  if (issue.kind === 'validation' || OWN_MESSAGE.has(issue.type)) return issue.message;
  if (issue.expected === 'never') return 'unknown key';
  if (issue.received === 'undefined') return 'is missing';
  return `must be ${EXPECTED.get(issue.type) ?? issue.expected ?? 'of another kind'}`;
}

/** Kinds whose message `shape.ts` always gives. */
const OWN_MESSAGE = new Set(['union', 'picklist', 'literal']);

const EXPECTED = new Map([
  ['string', 'a text'],
  ['number', 'a number'],
  ['boolean', 'true or false'],
  ['array', 'a list'],
  ['strict_object', 'an object'],
  ['record', 'an object'],
]);
