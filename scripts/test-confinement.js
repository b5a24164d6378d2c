// Boots Debian's kernel, which enforces AppArmor, in qemu, with this machine's own root below it, and runs the tests of
// test/confinement there. Needs the Debian packages that .ci/run names, and no KVM. Changes nothing on this machine but
// a cache of the kernel.
//   node scripts/test-confinement.js [word in the name of a test]
import { execFileSync, spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const REPO = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
const TIMEOUT_MS = 540_000;
const MEMORY = '2048';
/** What the guest needs beyond what is built into that kernel. */
const MODULES = ['virtio_pci', '9pnet_virtio', '9p', 'overlay', 'veth', 'dummy'];

const run = (command, args, options = {}) => execFileSync(command, args, { encoding: 'utf8', ...options });

/** The newest generic kernel of this Debian (the one for clouds has no 9p), unpacked once. */
function fetchKernel() {
  const [name] = /linux-image-\S+-amd64/.exec(run('apt-cache', ['depends', 'linux-image-amd64']));
  const folder = join(REPO, 'node_modules/.cache/patchcord-confinement', name);
  if (existsSync(join(folder, 'boot'))) return folder;
  const scratch = mkdtempSync(join(tmpdir(), 'patchcord-kernel-'));
  run('apt-get', ['download', '-o', 'APT::Sandbox::User=root', name], { cwd: scratch, stdio: 'inherit' });
  const [deb] = readdirSync(scratch);
  run('dpkg-deb', ['-x', deb, 'all'], { cwd: scratch });
  mkdirSync(folder, { recursive: true });
  cpSync(join(scratch, 'all/lib'), join(folder, 'lib'), { recursive: true });
  cpSync(join(scratch, 'all/boot'), join(folder, 'boot'), { recursive: true });
  rmSync(scratch, { recursive: true });
  return folder;
}

/** Paths of the modules, each after those that it depends on, as their own `depends=` says. */
function moduleFiles(kernel) {
  const found = new Map(
    readdirSync(join(kernel, 'lib'), { recursive: true })
      .filter((path) => path.endsWith('.ko'))
      .map((path) => [basename(path, '.ko').replaceAll('-', '_'), join(kernel, 'lib', path)]),
  );
  const order = new Set();
  const add = (name) => {
    const file = found.get(name.replaceAll('-', '_'));
    const [, depends = ''] = /\0depends=([^\0]*)/.exec(readFileSync(file, 'latin1')) ?? [];
    for (const other of depends.split(',').filter(Boolean)) add(other);
    order.add(file);
  };
  MODULES.forEach(add);
  return [...order];
}

function buildInitramfs(kernel, path) {
  const root = mkdtempSync(join(tmpdir(), 'patchcord-initramfs-'));
  for (const folder of ['bin', 'modules']) mkdirSync(join(root, folder));
  cpSync('/bin/busybox', join(root, 'bin/busybox'), { dereference: true });
  cpSync(join(REPO, 'test/confinement/initramfs.sh'), join(root, 'init'));
  const modules = moduleFiles(kernel);
  for (const file of modules) cpSync(file, join(root, 'modules', basename(file)));
  writeFileSync(join(root, 'modules/order'), modules.map((file) => `${basename(file, '.ko')}\n`).join(''));
  run('chmod', ['+x', join(root, 'init')]);
  const archive = execFileSync('sh', ['-c', 'find . | busybox cpio -o -H newc'], {
    cwd: root,
    maxBuffer: 2 ** 28,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  writeFileSync(path, archive);
  rmSync(root, { recursive: true });
}

/**
 * AppArmor; and less to do where everything is emulated: the clock is read by an instruction, which the kernel trusts on
 * a real machine only, and nobody else is here to be guarded against.
 */
const KERNEL_WORDS =
  'console=ttyS0 quiet loglevel=1 panic=-1 apparmor=1 security=apparmor tsc=reliable clocksource=tsc mitigations=off';

/** Resolves with whether the tests passed; the guest's console is this process's stdout. */
function boot(kernel, initramfs, only) {
  const [vmlinuz] = readdirSync(join(kernel, 'boot')).filter((name) => name.startsWith('vmlinuz'));
  const words = { script: join(REPO, 'test/confinement/guest.sh'), repo: REPO, node: process.execPath, only };
  const append = [
    KERNEL_WORDS,
    ...Object.entries(words).map(([name, value]) => `patchcord.${name}=${value}`),
  ].join(' ');
  const qemu = spawn('qemu-system-x86_64', [
    ...'-accel tcg,thread=multi -machine q35 -cpu max -smp 2 -nodefaults -nographic -no-reboot'.split(' '),
    ...['-m', MEMORY, '-serial', 'stdio', '-kernel', join(kernel, 'boot', vmlinuz), '-initrd', initramfs],
    ...['-append', append, '-virtfs'],
    'local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap',
  ]);
  let console_ = '';
  qemu.stdout.on('data', (bytes) => {
    console_ += bytes;
    process.stdout.write(bytes);
  });
  qemu.stderr.pipe(process.stderr);
  const deadline = setTimeout(() => {
    process.stderr.write(`\nThe guest was ended: it took longer than ${TIMEOUT_MS / 60_000} minutes.\n`);
    qemu.kill('SIGKILL');
  }, TIMEOUT_MS);
  return new Promise((resolve) => {
    qemu.once('close', () => {
      clearTimeout(deadline);
      resolve(/patchcord\.exit=0\r?\n/.test(console_));
    });
  });
}

const scratch = mkdtempSync(join(tmpdir(), 'patchcord-confinement-'));
try {
  const kernel = fetchKernel();
  const initramfs = join(scratch, 'initramfs');
  buildInitramfs(kernel, initramfs);
  process.exitCode = (await boot(kernel, initramfs, process.argv[2] ?? '')) ? 0 : 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
