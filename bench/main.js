// Measures patchcord's gateway side by side with nginx, and caddy and haproxy where they are installed: the same
// certificates, cipher, files and upstream, in turns, so that what the machine does meanwhile falls on all of them.
//   npm run bench                       everything
//   npm run bench -- --only blob        the measures whose name holds the word
//   npm run bench -- --rounds 9 --seconds 3
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeStore } from './parts/blobs.js';
import { tableOf, textOf } from './parts/figures.js';
import { startClient, startUpstream } from './parts/load.js';
import { makePki } from './parts/pki.js';
import { missingPackages } from './parts/servers.js';
import { MEASURES } from './measures.js';

const EX_UNAVAILABLE = 69;
const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  console.log('npm run bench -- [--only WORD] [--rounds N] [--seconds N]\n\nMeasures:');
  for (const { name } of MEASURES) console.log(`  ${name}`);
  process.exit();
}

const missing = missingPackages();
if (missing.length > 0)
  console.error(
    `Not installed: ${missing.map(({ name }) => name).join(' ')} (apt-get install --no-install-recommends …)`,
  );
if (missing.some(({ isNeeded }) => isNeeded)) process.exit(EX_UNAVAILABLE);

const folder = mkdtempSync(join(tmpdir(), 'patchcord-bench-'));
const closers = [() => rmSync(folder, { recursive: true, force: true })];
const wanted = MEASURES.filter(({ name }) => name.includes(values.only));
const rows = [['measure', 'unit', 'server', 'median (least–most)', 'ratio', 'target', '']];
let isMissed = false;

try {
  const pki = makePki(join(folder, 'pki'));
  const store = makeStore(join(folder, 'store'));
  const upstream = await startUpstream();
  closers.push(upstream.stop);
  const newClient = () => startClient(pki.files, store.blockFile);
  const setting = { pki, store, upstreamPort: upstream.port, folder, newClient };
  const client = await newClient();
  closers.push(client.stop);
  const bounds = { rounds: Number(values.rounds), seconds: Number(values.seconds) };
  for (const measure of wanted) {
    process.stderr.write(`${measure.name} …\n`);
    try {
      const results = await measure.run({ ...setting, client, ...bounds });
      for (const row of rowsOf(measure, results)) rows.push(row);
    } catch (error) {
      // The others were measured all the same.
      console.error(error);
      rows.push([measure.name, '', '', 'failed', '', '', 'FAILED']);
      isMissed = true;
    }
  }
} finally {
  for (const close of closers.reverse()) await close();
}

/** `results`: figures by server's name, the lower the better unless the measure says otherwise. */
function rowsOf({ name, unit, target, against = 'nginx' }, results) {
  const base = results.get(against)?.median;
  return [...results].map(([server, figures]) => {
    const ratio = base === undefined || server === against ? null : figures.median / base;
    const isOurs = server === 'patchcord' && target !== undefined;
    const value = target?.of === 'value' ? figures.median : ratio;
    const holds =
      isOurs &&
      value !== null &&
      (target.atMost === undefined ? value >= target.atLeast : value <= target.atMost);
    if (isOurs && !holds) isMissed = true;
    const wish = !isOurs ? '' : target.atMost === undefined ? `≥ ${target.atLeast}` : `≤ ${target.atMost}`;
    return [
      name,
      unit,
      server,
      `${textOf(figures)}${figures.more === undefined ? '' : `, ${figures.more}`}`,
      ratio === null ? '' : ratio.toFixed(2),
      wish,
      !isOurs ? '' : holds ? 'held' : 'MISSED',
    ];
  });
}

const git = (...args) =>
  execFileSync('git', args, { encoding: 'utf8', cwd: fileURLToPath(new URL('.', import.meta.url)) }).trim();
const version = (command, ...args) => {
  try {
    return execFileSync('sh', ['-c', `${[command, ...args].join(' ')} 2>&1`], { encoding: 'utf8' })
      .split('\n')[0]
      .trim();
  } catch {
    return `${command} not installed`;
  }
};
const about = [
  `${new Date().toISOString().slice(0, 10)}, commit ${git('rev-parse', '--short', 'HEAD')}, Linux ${release()}`,
  `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}; Node ${process.version}, OpenSSL ${process.versions.openssl}`,
  [
    version('/usr/sbin/nginx', '-v'),
    version('/usr/bin/caddy', 'version'),
    version('/usr/sbin/haproxy', '-v'),
  ].join('; '),
  `${values.rounds} rounds of ${values.seconds} s after one to warm up, in turns; loopback, TLS 1.3, client certificates`,
];
const report = `${about.map((line) => `- ${line}`).join('\n')}\n\n${tableOf(rows)}\n`;
console.log(report);
if (values.only === '') {
  const file = fileURLToPath(new URL(`results/${new Date().toISOString().slice(0, 10)}.md`, import.meta.url));
  writeFileSync(
    file,
    `# Side by side\n\nThe ratios carry over to other machines, the figures do not.\n\n${report}`,
  );
}
process.exitCode = isMissed ? 1 : 0;
