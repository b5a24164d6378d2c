// Compiles `couchdb`: where the upstream is, and the limited credentials for it.
import type * as v from 'valibot';
import type { Problems } from './problems.js';
import { readPem } from './trust.js';
import type { COUCHDB } from './shape.js';

export type Credential =
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | { readonly kind: 'jwt'; readonly token: string }
  | { readonly kind: 'none' };

/** An address, never a name: the gateway resolves nothing. */
export interface UpstreamAddress {
  readonly protocol: 'http:' | 'https:';
  /** An IP literal, without brackets. */
  readonly host: string;
  readonly port: number;
  /** For https: what its certificate is for, and the CA that signed it. */
  readonly serverName: string | null;
  readonly ca: string | null;
}

export interface Couchdb {
  readonly address: UpstreamAddress;
  /** What exists there; null when the launcher does not say. */
  readonly databases: readonly string[] | null;
  readonly credentials: ReadonlyMap<string, Credential>;
}

const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;
const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|::1)$/;
const DATABASE = /^[a-z_][a-z0-9_$()+/-]{0,237}$/;
const DEFAULT_PORTS = { 'http:': 80, 'https:': 443 } as const;
/** RFC 7519 and RFC 6750: what a bearer token is written with. */
const TOKEN = /^[A-Za-z0-9._~+/=-]+$/;
/** They could end a header. */
const CONTROL = /[\u0000-\u001f\u007f]/;

export function compileCouchdb(shape: v.InferOutput<typeof COUCHDB>, problems: Problems): Couchdb | null {
  const address = compileAddress(shape, problems);
  const credentials = compileCredentials(shape.credentials, problems);
  for (const [index, name] of (shape.databases ?? []).entries()) {
    if (!DATABASE.test(name))
      problems.add(['couchdb', 'databases', index], 'must be the name of a CouchDB database');
  }
  return address === null ? null : { address, databases: shape.databases ?? null, credentials };
}

function compileAddress(shape: v.InferOutput<typeof COUCHDB>, problems: Problems): UpstreamAddress | null {
  const flaw = (reason: string): null => {
    problems.add(['couchdb', 'url'], reason);
    return null;
  };
  const url = URL.canParse(shape.url) ? new URL(shape.url) : null;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') return flaw('must be an http or https URL');
  if (url.username !== '' || url.password !== '')
    return flaw('may hold no credentials: they go to couchdb.credentials');
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') return flaw('must end after the port');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (!IPV4.test(host) && !host.includes(':'))
    return flaw('must have an IP literal as its host, as in http://127.0.0.1:5984/: no names are resolved');
  if (url.protocol === 'http:' && !LOOPBACK.test(host))
    return flaw('must be https where the host is not loopback');
  checkTls(shape, url.protocol === 'https:', problems);
  return {
    protocol: url.protocol,
    host,
    port: url.port === '' ? DEFAULT_PORTS[url.protocol] : Number(url.port),
    serverName: shape.serverName ?? null,
    ca: shape.ca ?? null,
  };
}

function checkTls(
  { serverName, ca }: v.InferOutput<typeof COUCHDB>,
  isHttps: boolean,
  problems: Problems,
): void {
  for (const [key, value] of Object.entries({ serverName, ca })) {
    if (isHttps && value === undefined) problems.add(['couchdb', key], 'is missing, and https needs it');
    if (!isHttps && value !== undefined) problems.add(['couchdb', key], 'goes with https only');
  }
  if (ca !== undefined && readPem(ca) === null)
    problems.add(['couchdb', 'ca'], 'must be one certificate in PEM');
}

function compileCredentials(shape: v.InferOutput<typeof COUCHDB>['credentials'], problems: Problems) {
  const credentials = new Map<string, Credential>();
  for (const [name, credential] of Object.entries(shape)) {
    const path = ['couchdb', 'credentials', name];
    if ('basic' in credential) {
      const { username, password } = credential.basic;
      if (username === '' || username.includes(':') || CONTROL.test(username)) {
        problems.add(
          [...path, 'basic', 'username'],
          'may be neither empty nor hold ":" or control characters',
        );
      }
      if (CONTROL.test(password))
        problems.add([...path, 'basic', 'password'], 'may hold no control characters');
      credentials.set(name, { kind: 'basic', username, password });
    } else if ('jwt' in credential) {
      if (!TOKEN.test(credential.jwt.token))
        problems.add([...path, 'jwt', 'token'], 'must be a bearer token');
      credentials.set(name, { kind: 'jwt', token: credential.jwt.token });
    } else credentials.set(name, { kind: 'none' });
  }
  return credentials;
}
