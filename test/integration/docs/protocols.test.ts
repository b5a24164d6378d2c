// The two protocols are what the code does: every name of one is in the other, and nothing else is.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  MAX_OFFER_SECONDS,
  MAX_PAIR_DATA_BYTES,
  PAIR_END_REASONS,
} from '../../../dist/core/control/pairing.js';
import { MAX_OFFERS, MAX_OFFERS_A_SOURCE } from '../../../dist/core/discovery/offer-table.js';
import { PAIR_SERVICE } from '../../../dist/core/discovery/pair-offers.js';
import { EXPORTER_LABEL } from '../../../dist/core/pairing/channel.js';
import { MAX_SEALED_MESSAGES, MESSAGE_MS, WAIT_MS } from '../../../dist/core/pairing/exchange.js';
import { MAX_FRAME_BYTES } from '../../../dist/core/pairing/frames.js';
import {
  MAX_CSR_BYTES,
  MAX_FIRST_STATEMENTS,
  MAX_GRANT_BYTES,
} from '../../../dist/core/pairing/launcher/messages.js';
import { REFUSALS } from '../../../dist/core/pairing/wire.js';
import { RPC_ERRORS } from '../../../dist/core/control/protocol.js';
import { OPERATIONS } from '../../../dist/core/couch/operations.js';
import * as queryNames from '../../../dist/core/couch/query-names.js';
import { TOP_LEVEL_KEYS } from '../../../dist/core/env/shape.js';
import { REPLIES, type Reply } from '../../../dist/core/errors.js';
import { DENIALS } from '../../../dist/core/leaf/judge.js';
import { DEFAULT_LIMITS } from '../../../dist/core/limits.js';
import { namesIn, readRepositoryFile, section, tableRows } from './markdown.js';

const control = readRepositoryFile('docs/protocol-control.md');
const http = readRepositoryFile('docs/protocol-http.md');
const pairing = readRepositoryFile('docs/protocol-pairing.md');
const types = ['protocol', 'pairing']
  .map((name) => readRepositoryFile(`src/core/control/${name}.ts`))
  .join('\n');

const sorted = (names: Iterable<string>): string[] => [...new Set(names)].sort();
const firstNames = (markdown: string): string[] => tableRows(markdown).flatMap(([cell]) => namesIn(cell));
/** The texts of a union type, which is nothing that could be imported. */
const membersOf = (type: string): string[] =>
  namesInQuotes(new RegExp(`export type ${type} =([^;]+);`).exec(types)?.[1] ?? '');
const namesInQuotes = (text: string): string[] =>
  [...text.matchAll(/'([\w-]+)'/g)].map(([, name = '']) => name);

describe('docs/protocol-control.md', () => {
  test('has every event', () => {
    const events = [...types.matchAll(/readonly event: '([\w-]+)'/g)].map(([, name = '']) => name);
    assert.ok(events.length > 0);
    const documented = section(control, '## Events').split('\n### ')[0] ?? '';
    assert.deepEqual(sorted(firstNames(documented)), sorted(events));
  });

  test('has every reason for the end of a run', () =>
    assert.deepEqual(firstNames(section(control, '### The end of a run')), Object.keys(PAIR_END_REASONS)));

  test('has every warning', () =>
    assert.deepEqual(
      sorted(firstNames(section(control, '### `warning`'))),
      sorted(membersOf('WarningCode')),
    ));

  test('has every rule that denies a leaf or a connection', () => {
    const names = namesIn(section(control, '### `denied`'));
    for (const rule of [...Object.keys(DENIALS), ...membersOf('ConnectionRule')])
      assert.ok(names.includes(rule), rule);
  });

  test('has every limit with its default', () => {
    const documented = tableRows(section(control, '## Limits')).map(([name, value = '']) => [
      namesIn(name)[0],
      Number(value.replaceAll(',', '')),
    ]);
    assert.deepEqual(documented, Object.entries(DEFAULT_LIMITS));
  });

  test('has every key of the env', () => {
    const documented = firstNames(section(control, '## The env').split('\n### ')[0] ?? '');
    assert.deepEqual(sorted(documented.map((path) => path.split('.')[0] ?? '')), sorted(TOP_LEVEL_KEYS));
  });

  test('has every error of JSON-RPC that is answered with', () => {
    const answered = Object.entries(RPC_ERRORS).filter(([name]) => name !== 'internal');
    const documented = tableRows(section(control, '## Methods').split('\n### ')[0] ?? '');
    for (const [, { code }] of answered)
      assert.ok(
        documented.some(([cell]) => cell === String(code)),
        String(code),
      );
  });

  test('has every method', () => {
    const methods = readRepositoryFile('src/gateway/control.ts').matchAll(/if \(method === '([\w-]+)'\)/g);
    const documented = firstNames(section(control, '## Methods').split('\n### ')[0] ?? '');
    assert.deepEqual(sorted(documented), sorted([...methods].map(([, name = '']) => name)));
  });

  test('has every exit code', () => {
    const codes = [...readRepositoryFile('src/gateway/main.ts').matchAll(/^const EX_\w+ = (\d+);/gm)];
    const documented = tableRows(section(control, '## The end')).map(([code]) => code);
    assert.deepEqual(
      documented,
      codes.map(([, code]) => code),
    );
  });
});

describe('docs/protocol-http.md', () => {
  test('has every operation, in the order of the table, with what it needs', () => {
    const documented = tableRows(section(http, '### Operations')).map(
      ([methods, path, needs, query, body]) => ({
        row: [methods, namesIn(path)[0], needs, body],
        query: query === 'none' ? [] : queryNamed(query ?? ''),
      }),
    );
    const actual = OPERATIONS.map(({ methods, path, needs, query, body }) => ({
      row: [methods.join(' '), `/${path.join('/')}`, needs, body],
      query: [...query],
    }));
    assert.deepEqual(documented, actual);
  });

  test('has every query name', () => {
    for (const [name, names] of tableRows(section(http, '### Query names'))) {
      const more = name === 'view' ? queryNames.ALL_DOCS_QUERY : [];
      assert.deepEqual([...more, ...namesIn(names)], queryNamed(name ?? ''), name);
    }
  });

  test('has every body', () => {
    const kinds = OPERATIONS.map(({ body }) => body).filter((body) => body !== 'none');
    const documented = tableRows(section(http, '### Bodies')).flatMap(([cell = '']) => cell.split(', '));
    assert.deepEqual(sorted(documented), sorted(kinds));
  });

  test('has every refusal with its reply', () => {
    const documented = tableRows(section(http, '## Refusals')).map(([code, status, error]) => [
      namesIn(code)[0],
      Number(status),
      error,
    ]);
    const replies = Object.entries<Reply>(REPLIES).map(([code, { status, error }]) => [code, status, error]);
    assert.deepEqual(documented, replies);
  });

  test('has every reason not to let someone in', () =>
    assert.deepEqual(sorted(firstNames(section(http, '## Who is let in'))), sorted(Object.keys(DENIALS))));
});

describe('docs/protocol-pairing.md', () => {
  const inNumbers = (value: number): string => value.toLocaleString('en-US');
  const proof = section(pairing, '## The proof of the code');

  test('has every refusal of an offerer', () =>
    assert.deepEqual(
      sorted(
        firstNames(proof).filter((name) => !['version', 'role', 'label', 'time', 'userId'].includes(name)),
      ),
      sorted(REFUSALS),
    ));

  test('has every sealed type, and every word of a launcher', () => {
    assert.deepEqual(firstNames(section(pairing, '## Sealed messages')), ['data', 'wait', 'end']);
    const words = section(pairing, '## What the launchers say');
    const source = readRepositoryFile('src/core/pairing/launcher/messages.ts');
    for (const [, type = ''] of source.matchAll(/type: v\.literal\('([\w-]+)'\)/g))
      assert.ok(words.includes(`"type":"${type}"`), type);
  });

  test('has the bounds and labels of the code', () => {
    for (const text of [
      `${inNumbers(MAX_FRAME_BYTES)}, and so many bytes`,
      `at most ${inNumbers(MAX_PAIR_DATA_BYTES)} bytes`,
      `at most ${inNumbers(MAX_SEALED_MESSAGES)} sealed messages`,
      `Each message has ${MESSAGE_MS / 1000} seconds`,
      `every ${WAIT_MS / 1000} s`,
      `${MAX_OFFER_SECONDS} seconds are over`,
      `At most ${MAX_OFFERS} offers are kept, and ${MAX_OFFERS_A_SOURCE} from one address`,
      `at most ${MAX_GRANT_BYTES / 1024} KiB`,
      `at most ${MAX_CSR_BYTES / 1024} KiB`,
      `at most ${MAX_FIRST_STATEMENTS} signed statements`,
      EXPORTER_LABEL,
      PAIR_SERVICE,
    ])
      assert.ok(pairing.replaceAll('\n', ' ').includes(text), text);
  });
});

/** "read document" is READ_DOCUMENT_QUERY. */
function queryNamed(name: string): string[] {
  const constant = `${name.toUpperCase().replaceAll(' ', '_')}_QUERY`;
  const names = new Map<string, readonly string[]>(Object.entries(queryNames)).get(constant);
  assert.ok(names !== undefined, constant);
  return [...names];
}
