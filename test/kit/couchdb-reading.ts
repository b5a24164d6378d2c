// How CouchDB 3 reads a request line, written from its documented behaviour and apart from the gateway's own code:
// the other half of every comparison between what was decided on and what the upstream does.

export interface Reading {
  /** Null for the server's own paths. */
  readonly database: string | null;
  /** What it does there: the parts of the path that CouchDB gives a meaning, with what is named left out. */
  readonly operation: string;
  /** Of the query, in order. */
  readonly names: readonly string[];
}

/** Bytes of a path segment or a query part: "+" is a space, %XX a byte; a lone "%" stands for itself. */
const unquote = (text: string): string =>
  Buffer.from(
    text
      .replaceAll('+', ' ')
      .replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    'latin1',
  ).toString('utf8');

/** Reads the target of a request as it came over the wire. */
export function readAsCouchdb(target: string): Reading {
  const withoutFragment = target.split('#')[0] ?? '';
  const at = withoutFragment.indexOf('?');
  const path = at < 0 ? withoutFragment : withoutFragment.slice(0, at);
  const query = at < 0 ? '' : withoutFragment.slice(at + 1);
  const segments = path
    .split('/')
    .filter((segment) => segment !== '')
    .map(unquote);
  const [first] = segments;
  const names = query
    .split(/[&;]/)
    .filter((pair) => pair !== '')
    .map((pair) => unquote(pair.split('=')[0] ?? ''));
  if (first === undefined || first.startsWith('_'))
    return { database: null, operation: `/${segments.join('/')}`, names };
  return { database: first, operation: operationIn(segments.slice(1)), names };
}

function operationIn(segments: readonly string[]): string {
  const [first, , third] = segments;
  if (first === undefined) return 'database';
  // An id that hides its slash is the same document.
  const [special] = first.split('/');
  if (special === '_design' && first !== '_design')
    return operationIn([...first.split('/'), ...segments.slice(1)]);
  if (special === '_local') return 'local';
  if (first === '_design') {
    if (third === undefined) return 'design';
    return third.startsWith('_') ? `design ${third}` : 'design attachment';
  }
  if (first.startsWith('_')) return segments.join('/');
  return segments.length === 1 ? 'document' : 'attachment';
}
