// The network, as far as it can be seen without rights: links and their addresses, firewalls, other responders.
import { existsSync, readFileSync } from 'node:fs';
import { readAddresses, readVirtualLinks } from '../../adapters/net/addresses.js';
import type { Settings } from '../config/settings.js';
import { attention, bad, good, type Finding } from './finding.js';

const IF_INET6 = '/proc/net/if_inet6';
const UFW = '/etc/ufw/ufw.conf';
const FIREWALLD = '/run/firewalld';
const UDP_TABLES = ['/proc/net/udp', '/proc/net/udp6'];
/** A local address with port 5353, as proc(5) writes it; not one of the group `ff02::fb`, to which gateways are bound. */
const OTHER_RESPONDER = /^ *\d+: (?!000002FF0{16}FB000000:)[0-9A-F]+:14E9 /m;

const readText = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};

export function checkLinks(on: Settings['listen']['on']): Finding[] {
  if (!existsSync(IF_INET6))
    return [bad('links', 'this system has no IPv6', 'take ipv6.disable=1 out of the kernel’s command line')];
  const addresses = readAddresses(on);
  if (addresses.length === 0) return [withoutLink(on)];
  return addresses.map(({ address, zone, isTentative }) => {
    const name = zone === null ? address : `${address} on ${zone}`;
    return isTentative
      ? attention(
          'links',
          `${name} is tentative`,
          'wait a moment; if it stays so, another device has this address',
        )
      : good('links', name);
  });
}

function withoutLink(on: Settings['listen']['on']): Finding {
  const virtual = on === 'link-local' ? readVirtualLinks() : [];
  if (virtual.length > 0)
    return attention(
      'links',
      `no link with a device behind it has a link-local address; virtual ones are passed over: ${virtual.join(', ')}`,
      `plug in a cable; or, if a virtual one is meant, name it: patchcord up --listen ${virtual[0] ?? ''}`,
    );
  return attention(
    'links',
    'no link has a link-local address',
    'plug in a cable, and set its connection to IPv6 "link-local"; or try: patchcord up --listen loopback',
  );
}

/** The rules themselves can be read by root only. */
export function checkFirewall(port: number | null): Finding {
  const where =
    port === null
      ? 'the port of `patchcord up` (fix it: patchcord config set listen.port 41000)'
      : `port ${port}`;
  if (/^ENABLED=yes$/m.test(readText(UFW)))
    return attention(
      'firewall',
      'ufw is on',
      `let in TCP ${where} and UDP port 5353 from fe80::/10, such as: ufw allow from fe80::/10 to any port ${port ?? 41_000} proto tcp`,
    );
  if (existsSync(FIREWALLD))
    return attention(
      'firewall',
      'firewalld is on',
      `let in TCP ${where} and mDNS, such as: firewall-cmd --add-service=mdns --add-port=${port ?? 41_000}/tcp`,
    );
  return good('firewall', 'no ufw and no firewalld is on');
}

export function checkResponders(): Finding {
  const isTaken = UDP_TABLES.some((path) => OTHER_RESPONDER.test(readText(path)));
  return isTaken
    ? good('mdns', 'another mDNS responder runs here, and both can')
    : good('mdns', 'no other mDNS responder runs here');
}
