// For each directive of the units: what shows, inside of a unit of a user's own manager, that it holds, or that it does
// not. Where it holds, the same command in a unit without it says something else.

export interface Directive {
  readonly property: string;
  /** What it needs beside it: a user namespace, for all that changes the view of the machine. */
  readonly wants?: readonly string[];
  readonly command: string;
}

const status = (field: string): string => `grep ^${field}: /proc/self/status`;
const mountOf = (path: string): string => `awk '$5=="${path}"{print substr($6,1,2)}' /proc/self/mountinfo`;
const FILTERED = status('Seccomp');
const USERS = ['PrivateUsers=yes'];
/** A datagram, which an address filter would refuse as it leaves. */
export const sendTo = (address: string, scope = 0): string =>
  `perl -MSocket=:all -e 'socket(S,AF_INET6,SOCK_DGRAM,0); print send(S,"x",0,pack_sockaddr_in6(9,inet_pton(AF_INET6,"${address}"),${scope})) || $!+0'`;

export const DIRECTIVES: readonly Directive[] = [
  { property: 'NoNewPrivileges=yes', command: status('NoNewPrivs') },
  { property: 'LimitCORE=0', command: 'ulimit -Hc' },
  { property: 'UMask=0077', command: 'umask' },
  { property: 'UnsetEnvironment=HOME', command: 'printenv HOME || echo unset' },
  {
    property: 'RestrictAddressFamilies=AF_INET AF_INET6 AF_NETLINK',
    command: `perl -e 'print socket(S,1,1,0)+0'`,
  },
  { property: 'RestrictAddressFamilies=AF_INET AF_UNIX', command: `perl -e 'print socket(S,10,1,0)+0'` },
  { property: 'SystemCallArchitectures=native', command: FILTERED },
  { property: 'SystemCallFilter=@system-service', command: FILTERED },
  { property: 'SystemCallFilter=~@privileged @resources @mount @swap @reboot @debug', command: FILTERED },
  { property: 'SystemCallFilter=~@privileged @mount @swap @reboot @debug', command: FILTERED },
  { property: 'RestrictNamespaces=yes', command: 'unshare -U true 2>/dev/null; echo $?' },
  { property: 'RestrictRealtime=yes', command: FILTERED },
  {
    property: 'RestrictSUIDSGID=yes',
    command: 'cd; touch suid; chmod u+s suid 2>/dev/null; echo $?; rm suid',
  },
  { property: 'LockPersonality=yes', command: 'setarch -R true 2>/dev/null; echo $?' },
  { property: 'PrivateUsers=yes', command: 'cat /proc/self/uid_map' },
  { property: 'CapabilityBoundingSet=', wants: USERS, command: status('CapBnd') },
  { property: 'ProtectSystem=strict', wants: USERS, command: mountOf('/') },
  {
    property: 'ReadWritePaths=-/mnt',
    wants: [...USERS, 'ProtectSystem=strict'],
    command: mountOf('/mnt'),
  },
  { property: 'ProtectHome=read-only', wants: USERS, command: 'touch ~/here 2>/dev/null; echo $?' },
  { property: 'PrivateTmp=yes', wants: USERS, command: 'ls -d /tmp/of-others 2>/dev/null; echo $?' },
  { property: 'PrivateMounts=yes', wants: USERS, command: 'readlink /proc/self/ns/mnt' },
  { property: 'ProtectControlGroups=yes', wants: USERS, command: mountOf('/sys/fs/cgroup') },
  { property: 'ProtectKernelTunables=yes', wants: USERS, command: mountOf('/proc/sys') },
  { property: 'ProtectKernelModules=yes', wants: USERS, command: status('CapBnd') },
  { property: 'ProtectKernelLogs=yes', wants: USERS, command: status('CapBnd') },
  { property: 'ProtectClock=yes', wants: USERS, command: status('CapBnd') },
  { property: 'ProtectHostname=yes', wants: USERS, command: 'readlink /proc/self/ns/uts' },
];

/** Passed over by a user's own manager: the command says the same with it and without. */
export const PASSED_OVER: readonly Directive[] = [
  { property: 'IPAddressDeny=any', command: sendTo('::1') },
  { property: 'DevicePolicy=strict', command: 'head -c 1 /dev/zero | wc -c' },
  { property: 'DeviceAllow=/dev/null', command: 'head -c 1 /dev/zero | wc -c' },
  { property: 'ProtectProc=invisible', wants: USERS, command: 'ls -d /proc/1' },
  { property: 'ProcSubset=pid', wants: USERS, command: 'ls /proc/meminfo' },
];

export const RUNS = 'it runs';
/** With these the program does not start. */
export const IMPOSSIBLE: readonly Directive[] = [
  { property: 'PrivateDevices=yes', wants: USERS, command: `echo ${RUNS}` },
  {
    property: 'MemoryDenyWriteExecute=yes',
    command: `'${process.execPath}' -e 0 2>/dev/null && echo ${RUNS}`,
  },
];
