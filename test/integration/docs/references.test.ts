// What the documents point at is there: files, headings, and the file that enforces each limit.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { LIMIT_NAMES } from '../../../dist/core/limits.js';
import {
  codeBlocks,
  codeSpans,
  DOCUMENTS,
  namesIn,
  readRepositoryFile,
  ROOT,
  section,
  tableRows,
} from './markdown.js';

/** What a link to a heading is made of it, on the pages where these documents are read. */
const anchorsOf = (markdown: string): string[] =>
  [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );

for (const document of DOCUMENTS) {
  describe(document, () => {
    const markdown = readRepositoryFile(document);

    test('links to what is there', () => {
      for (const [, target = ''] of markdown.matchAll(/\]\(([^)]+)\)/g)) {
        if (target.startsWith('https://')) continue;
        const [path = '', anchor] = target.split('#');
        const file = path === '' ? document : join(dirname(document), path);
        assert.ok(existsSync(join(ROOT, file)), target);
        if (anchor !== undefined) assert.ok(anchorsOf(readRepositoryFile(file)).includes(anchor), target);
      }
    });

    test('names files that are there', () => {
      const paths = codeSpans(markdown).filter((text) =>
        /^(?:src|test|bin|docs|scripts|bench)\/[\w./-]+$/.test(text),
      );
      for (const path of paths) assert.ok(existsSync(join(ROOT, path)), path);
    });

    test('shows JSON that is JSON', () => {
      for (const { language, text } of codeBlocks(markdown)) if (language === 'json') JSON.parse(text);
    });
  });
}

test('the architecture says of every limit where it is enforced', () => {
  const rows = tableRows(
    section(readRepositoryFile('docs/architecture.md'), '## Where each limit is enforced'),
  );
  assert.deepEqual(rows.flatMap(([limits]) => namesIn(limits)).sort(), [...LIMIT_NAMES].sort());
});
