// Lint with types, and the layers of the architecture: bin → gateway | agent → adapters → core.
import tseslint from 'typescript-eslint';
import importX from 'eslint-plugin-import-x';
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import { readdirSync } from 'node:fs';

const adapters = readdirSync('src/adapters');

/** A layer: files that may not import what the patterns name. */
const layer = (files, patterns) => ({
  files,
  rules: {
    '@typescript-eslint/no-restricted-imports': ['error', { patterns }],
  },
});
const upward = (...names) => ({
  regex: `^(\\.\\./)+(${names.join('|')})(/|$)`,
  message: 'imports go downward only: bin, then gateway or agent, then adapters, then core',
});

/** The gateway makes no certificate, writes no file, starts no process, and is nobody's administrator. */
const NOT_FOR_THE_GATEWAY = [
  'adapters/(pki|launch|home|agent-socket|couch-client|peer-streams|replicator)',
  'adapters/files/(create-store|ensure-folder|store-writer|copy-leaves|list-blobs|place-blob|partial-blob)',
];

const IMPURE_GLOBALS = [
  'setTimeout',
  'setInterval',
  'setImmediate',
  'fetch',
  'performance',
  'console',
  'process',
];

export default tseslint.config(
  { ignores: ['build/', 'dist/', '.test-build/', '**/*.generated.ts', 'src/core/skein/assembly/'] },
  {
    files: ['src/**/*.ts', 'test/**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, importX.flatConfigs.typescript],
    languageOptions: {
      parserOptions: {
        project: ['./tsconfig.json', './test/tsconfig.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    plugins: { 'import-x': importX },
    settings: {
      'import-x/resolver-next': [
        createTypeScriptImportResolver({
          project: ['tsconfig.json', 'test/tsconfig.json'],
          noWarnOnMultipleProjects: true,
        }),
      ],
    },
    rules: {
      'import-x/no-cycle': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
    },
  },
  {
    files: ['src/core/**/*.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...IMPURE_GLOBALS.map((name) => ({ name, message: 'core is pure' })),
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'core is pure: time comes in as an argument' },
        { object: 'Math', property: 'random', message: 'core is pure: randomness comes in as an argument' },
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector: 'NewExpression[callee.name="Date"][arguments.length=0]',
          message: 'core is pure: time comes in',
        },
      ],
    },
  },
  layer(
    ['src/core/**/*.ts'],
    [
      upward('adapters', 'gateway', 'agent'),
      {
        regex: '^node:(?!crypto$)',
        message: 'core is pure: of node it may use crypto only, and of that no randomness',
      },
      {
        group: ['node:crypto'],
        importNames: ['randomBytes', 'randomUUID', 'randomInt', 'randomFillSync'],
        message: 'core is pure',
      },
    ],
  ),
  ...adapters.map((name) =>
    layer(
      [`src/adapters/${name}/**/*.ts`],
      [upward('gateway', 'agent'), upward(...adapters.filter((other) => other !== name))],
    ),
  ),
  layer(
    ['src/gateway/**/*.ts'],
    [
      upward('agent', ...NOT_FOR_THE_GATEWAY),
      {
        group: ['node:child_process', 'node:dns', 'nano'],
        message: 'the gateway starts nothing and resolves nothing',
      },
    ],
  ),
  layer(
    ['src/agent/**/*.ts'],
    [
      upward('gateway'),
      { group: ['node:tls', 'node:https'], message: 'the agent never touches the network' },
    ],
  ),
  {
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            { from: 'package', name: ['test', 'describe', 'it', 'suite'], package: 'node:test' },
          ],
        },
      ],
    },
  },
);
