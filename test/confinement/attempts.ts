// What is tried from inside a profile, and the line of the kernel's log that each try has to leave.
import type { Order } from './orders.js';

export interface Attempt {
  readonly name: string;
  readonly order: Order;
  readonly line: RegExp;
}

/** What only system calls can ask for, in Perl, which needs no file to run: true, or the number of the error. */
export interface CallAttempt {
  readonly name: string;
  readonly perl: string;
  readonly line: RegExp;
}

export const STORE = '/media/ada/disk-1';
export const HOME = '/root/.local/share/patchcord';
export const USER_CA_KEY = `${HOME}/identity/user-ca.key`;
export const OTHERS_HOME = '/home/grace/letter.txt';
export const DBUS = '/run/dbus/system_bus_socket';

const opens = (path: string): RegExp => new RegExp(`operation="open".*name="${path}"`);
const reading = (name: string, path: string): Attempt => ({
  name,
  order: { do: 'read', path },
  line: opens(path),
});
const writing = (name: string, path: string): Attempt => ({
  name,
  order: { do: 'write', path },
  line: new RegExp(`operation="(open|mknod)".*name="${path}".*denied_mask="[wac]+"`),
});

export const fromGateway = (otherPid: number, program: string): Attempt[] => [
  reading('the list of users', '/etc/passwd'),
  reading('what a store is still writing', `${STORE}/.dmedia/tmp/unfinished`),
  reading('the user CA key', USER_CA_KEY),
  reading('another user’s home', OTHERS_HOME),
  reading('the folder of blobs itself', `${STORE}/.dmedia/files/`),
  writing('a new file', '/tmp/new'),
  writing('a blob', `${STORE}/.dmedia/files/AA/blob`),
  writing('its own program', program),
  writing('the configuration', `${HOME}/config.json`),
  {
    name: 'a program started',
    order: { do: 'exec', path: '/bin/true' },
    line: /operation="exec".*name="\/(usr\/)?bin\/true"/,
  },
  {
    name: 'D-Bus',
    order: { do: 'connect', path: DBUS },
    line: /operation="create".*family="unix" sock_type="stream"/,
  },
  {
    name: 'another process signalled',
    order: { do: 'signal', pid: otherPid },
    line: /operation="signal".*denied_mask="send" signal=cont/,
  },
];

export const fromAgent: Attempt[] = [
  {
    name: 'a socket of IPv6',
    order: { do: 'listen', host: '::1' },
    line: /operation="create".*family="inet6" sock_type="stream"/,
  },
  reading('the list of users', '/etc/passwd'),
  reading('another user’s home', OTHERS_HOME),
  writing('the configuration of others', '/home/grace/new'),
];

/** Numbers of system calls are those of x86-64. */
export const calls = (otherPid: number): CallAttempt[] => [
  {
    name: 'a raw IPv4 socket',
    perl: 'socket(S,2,3,1)',
    line: /operation="create".*family="inet" sock_type="raw"/,
  },
  {
    name: 'a raw IPv6 socket',
    perl: 'socket(S,10,3,58)',
    line: /operation="create".*family="inet6" sock_type="raw"/,
  },
  {
    name: 'a packet socket',
    perl: 'socket(S,17,3,768)',
    line: /operation="create".*family="packet" sock_type="raw"/,
  },
  { name: 'another process traced', perl: `syscall(101,16,${otherPid},0,0)==0`, line: /operation="ptrace"/ },
  {
    name: 'a mount',
    perl: 'do { my ($from, $to, $kind) = qw(none /mnt tmpfs); syscall(165,$from,$to,$kind,0,0) } == 0',
    // The capability for it is asked for before the mount is looked at.
    line: /operation="(capable|mount)"/,
  },
  {
    name: 'a capability',
    perl: 'chroot("/")',
    line: /operation="capable".*capname="sys_chroot"/,
  },
];
