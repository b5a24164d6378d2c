// "+" is a space to CouchDB's paths and to no other server's; "\" is a slash to many and to CouchDB a letter.
import type { HarmlessRow, TargetRow } from '../rows.js';

// prettier-ignore
export const PLUS: readonly TargetRow[] = [
  ['GET /couch/dmedia-0/a+b',             400, 'GET /couch/dmedia-0/a%2Bb',           'GET /dmedia-0/a%2Bb'],
  ['GET /couch/dmedia-0/+',               400, 'GET /couch/dmedia-0/%2b',             'GET /dmedia-0/%2B'],
  ['GET /couch/dmedia-0+',                400, 'GET /couch/dmedia-0-%2B',             'GET /dmedia-0-%2B'],
  ['GET /couch/+dmedia-0',                400, 'GET /couch/dmedia-0',                 'GET /dmedia-0'],
  ['GET /couch/+_users',                  400, 'GET /couch/dmedia-0/%2B_users',       'GET /dmedia-0/%2B_users'],
  ['GET /couch/dmedia-0-a+b',             400, 'GET /couch/dmedia-0-a%2Bb',           'GET /dmedia-0-a%2Bb'],
  ['GET /couch/dmedia-0/+_all_docs',      400, 'GET /couch/dmedia-0/_all_docs',       'GET /dmedia-0/_all_docs'],
  ['GET /couch/dmedia-0/_all_docs+',      400, 'GET /couch/dmedia-0/_all_docs',       'GET /dmedia-0/_all_docs'],
  ['GET /couch/dmedia-0/_all+docs',       400, 'GET /couch/dmedia-0/all%2Bdocs',      'GET /dmedia-0/all%2Bdocs'],
  ['GET /couch/dmedia-0/_design/+x',      400, 'GET /couch/dmedia-0/_design/%2Bx',    'GET /dmedia-0/_design/%2Bx'],
  ['GET /couch/dmedia-0/doc/a+b',         400, 'GET /couch/dmedia-0/doc/a%2Bb',       'GET /dmedia-0/doc/a%2Bb'],
  ['GET /couch/dmedia-0/_local/a+b',      400, 'GET /couch/dmedia-0/_local/a%2Bb',    'GET /dmedia-0/_local/pc-{tag}-a%2Bb'],
  ['GET /+couch/dmedia-0',                400, 'GET /couch/dmedia-0',                 'GET /dmedia-0'],
  ['GET /couch+/dmedia-0',                400, 'GET /couch/dmedia-0',                 'GET /dmedia-0'],
  ['GET /couch/dmedia-0/%2e%2e+',         400, 'GET /couch/dmedia-0/%2e%2e%2B',       'GET /dmedia-0/..%2B'],
];

// prettier-ignore
export const HARMLESS_PLUS: readonly HarmlessRow[] = [
  // In a query it is a space to everyone, and goes up as one.
  ['GET /couch/dmedia-0/_all_docs?startkey="a+b"',   'GET /dmedia-0/_all_docs?startkey=%22a%20b%22'],
  ['GET /couch/dmedia-0/_all_docs?startkey="a%2Bb"', 'GET /dmedia-0/_all_docs?startkey=%22a%2Bb%22'],
  ['GET /couch/dmedia-0/%2B%2B',                     'GET /dmedia-0/%2B%2B'],
];

// prettier-ignore
export const BACKSLASHES: readonly TargetRow[] = [
  ['GET /couch\\dmedia-0',                400, 'GET /couch/dmedia-0',                  'GET /dmedia-0'],
  ['GET \\couch\\dmedia-0',               400, 'GET /couch/dmedia-0',                  'GET /dmedia-0'],
  ['GET /\\couch/dmedia-0',               400, 'GET /couch/dmedia-0',                  'GET /dmedia-0'],
  ['GET /couch/\\_users',                 400, 'GET /couch/dmedia-0/%5C_users',        'GET /dmedia-0/%5C_users'],
  ['GET /couch/dmedia-0\\_security',      400, 'GET /couch/dmedia-0/%5Csecurity',      'GET /dmedia-0/%5Csecurity'],
  ['GET /couch/dmedia-0/\\_security',     400, 'GET /couch/dmedia-0/%5C_security',     'GET /dmedia-0/%5C_security'],
  ['GET /couch/dmedia-0/..\\_users',      400, 'GET /couch/dmedia-0/..%5C_users',      'GET /dmedia-0/..%5C_users'],
  ['GET /couch/dmedia-0\\..\\_users',     400, 'GET /couch/dmedia-0/%5C..%5C_users',   'GET /dmedia-0/%5C..%5C_users'],
  ['GET /couch/dmedia-0/_design\\x',      400, 'GET /couch/dmedia-0/_design/%5Cx',     'GET /dmedia-0/_design/%5Cx'],
  ['PUT /couch/dmedia-0/doc\\att',        400, 'PUT /couch/dmedia-0/doc%5Catt',        'PUT /dmedia-0/doc%5Catt'],
  ['GET /couch/dmedia-0/doc?rev=\\',      400, 'GET /couch/dmedia-0/doc?rev=%5C',      'GET /dmedia-0/doc?rev=%5C'],
  ['GET /couch/dmedia-0/doc?\\rev=1',     400, 'GET /couch/dmedia-0/doc?rev=%5C1',     'GET /dmedia-0/doc?rev=%5C1'],
  ['GET /couch/%5C_users',                403, 'GET /couch/dmedia-0/%5c_users',        'GET /dmedia-0/%5C_users'],
  ['GET /couch/dmedia-0%5C',              403, 'GET /couch/dmedia-0/%5C',              'GET /dmedia-0/%5C'],
  ['GET /couch/dmedia-0%5C..%5C_users',   403, 'GET /couch/dmedia-0/..%5C..',          'GET /dmedia-0/..%5C..'],
  ['GET /couch%5Cdmedia-0',               404, 'GET /couch/dmedia-0',                  'GET /dmedia-0'],
  ['GET /couch/dmedia-0/_local/%5Cx',     400, 'GET /couch/dmedia-0/_local/x',         'GET /dmedia-0/_local/pc-{tag}-x'],
  ['GET /couch/dmedia-0/_design%5Cx',     403, 'GET /couch/dmedia-0/design%5Cx',       'GET /dmedia-0/design%5Cx'],
];
