import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createTestHome, failureOf, patchcord } from '../../kit/agent.js';

test('the version and help are told; a wrong use is 64', async (t) => {
  const home = createTestHome(t);
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  assert.deepEqual(await patchcord(home, ['--version']), { code: 0, stdout: `${version}\n`, stderr: '' });
  for (const args of [['--help'], ['help', 'files'], ['files', 'import', '--help']]) {
    const help = await patchcord(home, args);
    assert.equal(help.code, 0);
    assert.ok(help.stdout.includes('Examples:'));
  }
  for (const args of [
    [],
    ['nonsense'],
    ['files'],
    ['files', 'import'],
    ['status', '--nonsense'],
    ['status', 'x'],
  ])
    assert.equal((await patchcord(home, args)).code, 64, args.join(' '));
  assert.ok(!existsSync(home.paths.home));
});

test('a name that is none is a wrong use, whatever comes with it; the help that is named is that of the command', async (t) => {
  const home = createTestHome(t);
  for (const [args, named] of [
    [['ca', 'backup', '--help'], 'patchcord ca --help'],
    [['ca', 'bogus'], 'patchcord ca --help'],
    [['config', 'bogus'], 'patchcord config --help'],
    [['help', 'files', 'bogus'], 'patchcord files --help'],
    [['bogus', '--help'], 'patchcord --help'],
    [['files', 'list', '--bogus'], 'patchcord files list --help'],
  ] as const) {
    const { code, stderr } = await patchcord(home, args);
    assert.equal(code, 64, args.join(' '));
    assert.ok(stderr.includes(`See \`${named}\``), stderr);
  }
  const help = await patchcord(home, ['help', 'files', 'import']);
  assert.deepEqual(help, await patchcord(home, ['files', 'import', '--help']));
  assert.equal(help.code, 0);
});

test('a wrong use is told as every other failure, as JSON where that is asked for, with what was meant', async (t) => {
  const home = createTestHome(t);
  for (const [args, code, message, ...hint] of [
    [['nosuch'], 'unknown-command', "unknown command 'nosuch'", 'See `patchcord --help`.'],
    [
      ['statu'],
      'unknown-command',
      "unknown command 'statu'",
      '(Did you mean status?)',
      'See `patchcord --help`.',
    ],
    [
      ['ca', 'expor', '--help'],
      'unknown-command',
      "unknown command 'expor'",
      '(Did you mean export?)',
      'See `patchcord ca --help`.',
    ],
    [['pair', '--nosuch'], 'unknown-option', "unknown option '--nosuch'", 'See `patchcord pair --help`.'],
    [
      ['pair', '--give-ca-kee'],
      'unknown-option',
      "unknown option '--give-ca-kee'",
      '(Did you mean --give-ca-key?)',
      'See `patchcord pair --help`.',
    ],
    [['revoke'], 'missing-argument', "missing required argument 'device'", 'See `patchcord revoke --help`.'],
    [
      ['up', '--port', '70000'],
      'invalid-argument',
      "option '--port <number>' argument '70000' is invalid. A port is a number up to 65535.",
      'See `patchcord up --help`.',
    ],
  ] as const) {
    const text = ['patchcord: ' + message, ...hint, ''].join('\n');
    assert.deepEqual(await patchcord(home, args), { code: 64, stdout: '', stderr: text });
    const fact = { error: { code, message, hint: hint.join('\n') } };
    const asJson = await patchcord(home, [...args, '--json']);
    assert.deepEqual(asJson, { code: 64, stdout: `${JSON.stringify(fact)}\n`, stderr: '' });
  }
  for (const args of [
    ['pair', '--json', '--nosuch'],
    ['--json', 'pair', '--nosuch'],
    ['ca', '--json', 'nosuch'],
  ])
    assert.notEqual(failureOf(await patchcord(home, args)), '', args.join(' '));
  // What stands after -- is no option.
  assert.equal((await patchcord(home, ['status', '--', '--json'])).stdout, '');
});

test('there are completions for each shell, and bash takes its own', async (t) => {
  const home = createTestHome(t);
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, stdout } = await patchcord(home, ['completion', shell]);
    assert.equal(code, 0);
    assert.ok(stdout.includes('patchcord complete'));
    if (shell !== 'bash') continue;
    const file = join(home.scratch, 'patchcord.bash');
    writeFileSync(file, stdout);
    const sourced = spawnSync('bash', ['-c', `source ${file} && source ${file}`]);
    assert.deepEqual([sourced.status, sourced.stderr.toString()], [0, '']);
  }
  assert.equal((await patchcord(home, ['completion', 'tcsh'])).code, 64);
});

test('what is typed is completed from the commands that there are', async (t) => {
  const home = createTestHome(t);
  const complete = async (...words: string[]): Promise<string[]> => {
    const { stdout } = await patchcord(home, ['complete', '--', ...words]);
    return stdout
      .split('\n')
      .flatMap((line) => (line.startsWith(':') || line === '' ? [] : (line.split('\t')[0] ?? [])));
  };
  assert.deepEqual(await complete('sta'), ['status']);
  assert.deepEqual(await complete('files', 'ver'), ['verify']);
  assert.ok((await complete('files', 'import', '--')).includes('--database'));
});

test('there is a manual page for each command, with what its help has', async (t) => {
  const home = createTestHome(t);
  const folder = join(home.scratch, 'man1');
  assert.equal((await patchcord(home, ['man', folder])).code, 0);
  const pages = readdirSync(folder);
  for (const name of ['patchcord.1', 'patchcord-up.1', 'patchcord-files-import.1', 'patchcord-config-set.1'])
    assert.ok(pages.includes(name), name);
  const page = readFileSync(join(folder, 'patchcord-files-import.1'), 'utf8');
  for (const part of ['.TH "PATCHCORD-FILES-IMPORT" "1"', '\\-\\-no\\-document', '.SH EXAMPLES'])
    assert.ok(page.includes(part), part);
});

test('what a person copies is ASCII: examples of the help and manual pages, and commands that are told', async (t) => {
  const home = createTestHome(t);
  const folder = join(home.scratch, 'man1');
  await patchcord(home, ['man', folder]);
  for (const name of readdirSync(folder)) {
    const page = readFileSync(join(folder, name), 'utf8');
    const [, examples = ''] = /^\.SH EXAMPLES\n([^]*?)^\.SH /m.exec(page) ?? [];
    // As pages have what is other than ASCII.
    for (const [, typed = ''] of examples.matchAll(/^\.B (.*)$/gm)) assert.ok(!typed.includes('\\[u'), typed);
  }
  for (const file of readdirSync('src/agent', { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts')) continue;
    const code = readFileSync(join('src/agent', file), 'utf8').replace(/^ *(?:\/\/|\/?\*).*$/gm, '');
    for (const [told] of code.matchAll(/patchcord [a-z]+ [^`'\n]*/g))
      assert.match(told, /^\p{ASCII}*$/u, file);
  }
});

test('a folder that cannot be made is told at once', { timeout: 20_000 }, async (t) => {
  const home = createTestHome(t);
  const { code } = await patchcord(home, ['man', '/proc/x/y']);
  assert.equal(code, 66);
  assert.equal((await patchcord(home, ['man', join(home.scratch, 'a', 'b')])).code, 0);
});

test('colour is for terminals only', async (t) => {
  const home = createTestHome(t);
  const { stdout } = await patchcord(home, ['doctor']);
  assert.ok(!stdout.includes('\u001b'));
});
