// What is told to people, and what is not.
import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { createOutput } from '../../../dist/agent/cli/output.js';
import { createStyle } from '../../../dist/agent/cli/style.js';
import { formatDevice, formatRole } from '../../../dist/agent/directory/names.js';
import { cleanReason, type SeenEvent } from '../../../dist/agent/gateway-events.js';
import { formatPeer } from '../../../dist/agent/status/peers-text.js';
import { formatDenied } from '../../../dist/agent/up/event-text.js';
import { createGuests } from '../../../dist/agent/up/guests.js';
import { createPresence } from '../../../dist/agent/up/presence.js';
import { createRefusals } from '../../../dist/agent/up/refusals.js';
import { createUpReport } from '../../../dist/agent/up/report.js';

type Denied = Extract<SeenEvent, { event: 'denied' }>;
const denial = (more: Partial<Denied> = {}): Denied => ({
  ...{ event: 'denied', time: '', rule: 'revoked-by-ca', principal: null, address: 'fe80::1%usb0' },
  ...{ deviceId: 'A'.repeat(48), ...more },
});
const nobody = (): null => null;

const connection = (event: 'connected' | 'disconnected', letter: string): SeenEvent => ({
  event,
  time: '2026-01-01T00:00:00.000Z',
  principal: { deviceId: letter.repeat(48), role: 'own-device' },
  address: 'fe80::1%usb0',
});

function startReport(isJson: boolean) {
  const lines: string[] = [];
  const write = (line: string | Uint8Array): boolean => lines.push(String(line)) > 0;
  const report = createUpReport({
    output: createOutput(isJson, { write }, { write }),
    style: createStyle(false, {}),
    now: () => new Date(0),
    logLine: () => undefined,
  });
  return { lines, report };
}

test('a peer is news when it comes and when it goes, its other connections are not', () => {
  const presence = createPresence();
  const news = (event: 'connected' | 'disconnected', letter: string): boolean =>
    presence.isNews(connection(event, letter));
  assert.equal(news('connected', 'A'), true);
  assert.equal(news('connected', 'A'), false);
  assert.equal(news('connected', 'B'), true);
  assert.equal(news('disconnected', 'A'), false);
  assert.equal(news('disconnected', 'A'), true);
  assert.equal(news('connected', 'A'), true);
  presence.clear();
  assert.equal(news('connected', 'B'), true);
});

test('addresses of requests are left out of reasons', () => {
  const reason =
    '{changes_reader_died,"http://127.0.0.1:40123/peers/AAAA/couch/dmedia-0/_changes?feed=continuous"}';
  assert.equal(cleanReason(reason), '{changes_reader_died,"…"}');
  assert.equal(cleanReason('unauthorized'), 'unauthorized');
});

test('a revoked device is told as revoked, and one that turns this device away as that', () => {
  const peer = {
    ...{ deviceId: 'A'.repeat(48), instance: 'x', address: 'fe80::1', zone: 'usb0', port: 1 },
    ...{ standing: 'revoked', connected: false, name: null },
  };
  assert.ok(formatPeer(peer).includes('revoked'));
  assert.ok(!formatPeer({ ...peer, standing: 'proven', connected: true }).includes('revoked'));
  const away = formatPeer({ ...peer, standing: 'turns-away' });
  assert.ok(away.includes('lets this device in no more') && away.includes('`patchcord devices` there'), away);
});

test('a device is told by its name beside its id, and by its id alone where it has none', () => {
  const id = 'A'.repeat(48);
  assert.equal(formatDevice(id, 'Ada’s phone'), '"Ada’s phone" AAAAAAAA');
  assert.equal(formatDevice(id, null), 'AAAAAAAA');
  // What a name could pretend or steer is in its quotes, and does not print.
  const hostile = formatDevice(id, `phone" BBBBBBBB\u202e\u001b[2J\n${'x'.repeat(1000)}`);
  assert.ok(hostile.startsWith(String.raw`"phone\" BBBBBBBB`));
  assert.doesNotMatch(hostile, /[\p{Cc}\p{Cf}]/u);
  assert.ok(hostile.endsWith('" AAAAAAAA') && hostile.length < 300);
});

test('a device that was dialled and is not let in is told once', () => {
  const [letter, other] = ['A'.repeat(48), 'B'.repeat(48)];
  const denied = {
    event: 'denied',
    time: '',
    rule: 'issuer-unknown',
    principal: null,
    deviceId: letter,
  } as const;
  const told = (dialled: string) => formatDenied({ ...denied, dialled }, nobody, nobody);
  assert.ok(!told(letter).includes('in place of'));
  assert.ok(told(other).includes('AAAAAAAA in place of BBBBBBBB'));
});

test('whoever is refused is told as what it is known as, with the reason in its words', () => {
  const name = (): string => 'Ada’s phone';
  const stranger = { rule: 'issuer-unknown', reason: 'nobody signed it' };
  const rows: readonly [string, string][] = [
    [formatDenied(denial(), name, nobody), 'refused "Ada’s phone" AAAAAAAA at fe80::1%usb0: it is revoked'],
    [
      formatDenied(denial({ rule: 'revoked-here' }), nobody, nobody),
      'refused AAAAAAAA at fe80::1%usb0: it is revoked',
    ],
    [
      formatDenied(denial(stranger), nobody, () => 'BBBBBBBB'),
      'refused AAAAAAAA of user BBBBBBBB at fe80::1%usb0: nothing is shared with that user any more',
    ],
    [
      formatDenied(denial(stranger), nobody, nobody),
      'refused a stranger AAAAAAAA at fe80::1%usb0: issuer-unknown, nobody signed it',
    ],
    [
      formatDenied(denial(stranger), name, nobody),
      'refused "Ada’s phone" AAAAAAAA at fe80::1%usb0: issuer-unknown, nobody signed it',
    ],
  ];
  for (const [told, expected] of rows) assert.equal(told, expected);
});

test('a connection that ended before it showed a certificate is told as that', () => {
  const look = { event: 'denied', time: '', rule: 'tls', principal: null, reason: 'ECONNRESET' } as const;
  const told = (more: object): string => formatDenied({ ...look, ...more }, nobody, nobody);
  assert.equal(told({}), 'a connection ended before it showed a certificate');
  assert.equal(
    told({ address: 'fe80::1%usb0', count: 2 }),
    'a connection from fe80::1%usb0 ended before it showed a certificate, 2 times',
  );
  assert.ok(told({ reason: 'ERR_SSL_WRONG_VERSION_NUMBER' }).startsWith('refused a stranger'));
});

test('a guest is a device that came in by a share', () => {
  const guests = createGuests();
  const coming = (letter: string, role: string): SeenEvent => ({
    ...(connection('connected', letter) as Extract<SeenEvent, { event: 'connected' }>),
    principal: { deviceId: letter.repeat(48), role },
  });
  guests.note(coming('A', `share-${'B'.repeat(48)}`));
  guests.note(coming('C', 'own-device'));
  assert.deepEqual(
    ['A', 'C', 'D'].map((letter) => guests.userOf(letter.repeat(48))),
    ['BBBBBBBB', null, null],
  );
});

describe('a refusal', () => {
  const MINUTES = 60_000;
  let now = 0;
  let guest: string | null = null;
  const create = () =>
    createRefusals(
      () => now,
      () => guest,
    );
  let refusals = create();
  beforeEach(() => {
    [now, guest, refusals] = [0, null, create()];
  });
  const countOf = (event: Denied): number | null => refusals.take(event)?.count ?? null;

  test('is told once, and after ten minutes again with how often it was meanwhile', () => {
    assert.equal(countOf(denial()), 1);
    now = 10 * MINUTES - 1;
    assert.equal(countOf(denial()), null);
    assert.equal(countOf(denial({ address: 'fe80::2%usb1', count: 7 })), null);
    now = 10 * MINUTES;
    assert.equal(countOf(denial()), 9);
    now = 20 * MINUTES - 1;
    assert.equal(countOf(denial()), null);
  });

  test('of another device, for another reason, or of somebody at another address is one of its own', () => {
    assert.equal(countOf(denial()), 1);
    assert.equal(countOf(denial({ deviceId: 'B'.repeat(48) })), 1);
    assert.equal(countOf(denial({ rule: 'no-principal' })), 1);
    const { address = '', principal } = denial();
    const nameless: Denied = { event: 'denied', time: '', rule: 'tls', principal, address };
    assert.equal(countOf(nameless), 1);
    assert.equal(countOf({ ...nameless, address: 'fe80::2%usb0' }), 1);
    assert.equal(countOf({ ...nameless, reason: 'another' }), 1);
    assert.equal(countOf(nameless), null);
  });

  test('of a stranger that has been a guest since is one of its own', () => {
    assert.equal(countOf(denial({ rule: 'issuer-unknown' })), 1);
    guest = 'BBBBBBBB';
    assert.equal(countOf(denial({ rule: 'issuer-unknown' })), 1);
    assert.equal(countOf(denial({ rule: 'issuer-unknown' })), null);
  });

  test('is forgotten when there are too many: what a peer makes up does not pile up', () => {
    for (let number = 0; number < 10_000; number += 1) countOf(denial({ deviceId: String(number) }));
    assert.equal(countOf(denial({ deviceId: '9999' })), null);
    assert.equal(countOf(denial({ deviceId: '0' })), 1);
  });

  test('that comes again and again is one line for people, and each an event for programs', () => {
    for (const isJson of [true, false]) {
      const { lines, report } = startReport(isJson);
      for (let times = 0; times < 3; times += 1) report.gateway(denial());
      assert.equal(lines.length, isJson ? 3 : 1);
    }
  });
});

test('the role of a share is that of a user', () => {
  assert.equal(formatRole(`share-${'A'.repeat(48)}`), 'share with user AAAAAAAA');
  assert.equal(formatRole('own-device'), 'own-device');
});

test('events are told with the name of their device, null where it has none, also to programs', () => {
  for (const isJson of [true, false]) {
    const { lines, report } = startReport(isJson);
    report.knowNames((deviceId) => (deviceId.startsWith('A') ? 'Ada’s phone' : null));
    report.gateway(connection('connected', 'A'));
    report.gateway(connection('connected', 'B'));
    const [first = '', second = ''] = lines;
    if (isJson) {
      assert.equal((JSON.parse(first) as { name: unknown }).name, 'Ada’s phone');
      assert.equal((JSON.parse(second) as { name: unknown }).name, null);
    } else {
      assert.ok(first.includes('"Ada’s phone" AAAAAAAA (own-device)'));
      assert.ok(second.includes('  BBBBBBBB (own-device)'));
    }
  }
});

test('what a pairing carries is told by its length, also to programs', () => {
  const { lines, report } = startReport(true);
  const time = '2026-01-01T00:00:00.000Z';
  report.gateway({ event: 'pair-data', time, run: 'A'.repeat(16), data: Buffer.from('sealed words') });
  assert.deepEqual(JSON.parse(lines.join('')), {
    ...{ event: 'pair-data', time, run: 'A'.repeat(16), data: { bytes: 12 } },
  });
});
