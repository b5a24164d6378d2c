// The request target: parsed once into decoded segments and query parameters. What has two readings (CouchDB folds
// slashes, unquotes segment by segment and reads "+" as a space) is refused and never repaired. Everything after
// this works on the parsed form; the client's own bytes go no further.
import { Refusal, type RefusalCode } from './errors.js';

export interface QueryParameter {
  readonly name: string;
  readonly value: string;
}

export interface Target {
  /** Decoded; none is empty, "." or "..". "/" has none. */
  readonly segments: readonly string[];
  /** Whether the path ended in a slash after its last segment. */
  readonly trailingSlash: boolean;
  readonly query: readonly QueryParameter[];
}

/** But "#" and "\\". */
const PRINTABLE_ASCII = /^[\x21\x22\x24-\x5b\x5d-\x7e]*$/;
const LONE_PERCENT = /%(?![0-9A-Fa-f]{2})/;

/** Parses an origin-form target (RFC 9112 section 3.2.1); throws a `Refusal` for everything else. */
export function parseTarget(targetRaw: string): Target {
  require('target-form', targetRaw.startsWith('/'));
  require('target-bytes', PRINTABLE_ASCII.test(targetRaw));
  require('target-escape', !LONE_PERCENT.test(targetRaw));
  const at = targetRaw.indexOf('?');
  if (at < 0) return parsePath(targetRaw, []);
  const queryRaw = targetRaw.slice(at + 1);
  require('target-query', !queryRaw.includes('?'));
  return parsePath(targetRaw.slice(0, at), queryRaw === '' ? [] : parseQuery(queryRaw));
}

function parsePath(pathRaw: string, query: Target['query']): Target {
  require('target-slashes', !pathRaw.includes('//'));
  // CouchDB unquotes "+" in a path as a space, and no other server does.
  require('target-escape', !pathRaw.includes('+'));
  // Without `split`, which takes V8 out of compiled code for every request.
  const segments: string[] = [];
  for (let from = 1, to = 0; from < pathRaw.length; from = to + 1) {
    to = pathRaw.indexOf('/', from);
    if (to < 0) to = pathRaw.length;
    segments.push(parseSegment(pathRaw.slice(from, to)));
  }
  return { segments, trailingSlash: pathRaw.length > 1 && pathRaw.endsWith('/'), query };
}

function parseSegment(segmentRaw: string): string {
  const segment = decode(segmentRaw);
  require('target-segment', segment !== '.' && segment !== '..' && !segment.includes('\0'));
  // "_" marks what is administrative: it is written plainly, and the segment hides no slash, or it is refused.
  if (segment.startsWith('_'))
    require('target-segment', segmentRaw.startsWith('_') && !segment.includes('/'));
  return segment;
}

function parseQuery(queryRaw: string): QueryParameter[] {
  // CouchDB's server separates at ";" too.
  require('target-query', !queryRaw.includes(';'));
  return queryRaw.split('&').map((pairRaw) => {
    const at = pairRaw.indexOf('=');
    const nameRaw = at < 0 ? pairRaw : pairRaw.slice(0, at);
    require('target-query', nameRaw !== '');
    return { name: decodeForm(nameRaw), value: at < 0 ? '' : decodeForm(pairRaw.slice(at + 1)) };
  });
}

/** In a query, unlike in a path, "+" is a space to everyone. */
const decodeForm = (raw: string): string => decode(raw.replaceAll('+', ' '));

function decode(raw: string): string {
  if (!raw.includes('%')) return raw;
  try {
    // Throws for what is not UTF-8: overlong forms, surrogates, cut sequences.
    return decodeURIComponent(raw);
  } catch {
    throw new Refusal('target-escape');
  }
}

const UNRESERVED = /^[A-Za-z0-9._~-]*$/;

/** One segment, percent-encoded but for the unreserved characters (RFC 3986 section 2.3). */
export const encodeSegment = (segment: string): string =>
  UNRESERVED.test(segment)
    ? segment
    : encodeURIComponent(segment).replace(
        /[!'()*]/g,
        (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
      );

/** A target written anew from decoded parts: the only way in which one leaves this program. */
export function formatTarget(segments: readonly string[], query: readonly QueryParameter[] = []): string {
  let path = segments.length === 0 ? '/' : '';
  for (const segment of segments) path += `/${encodeSegment(segment)}`;
  if (query.length === 0) return path;
  return `${path}?${query.map(({ name, value }) => `${encodeSegment(name)}=${encodeSegment(value)}`).join('&')}`;
}

function require(code: RefusalCode, holds: boolean): void {
  if (!holds) throw new Refusal(code);
}
