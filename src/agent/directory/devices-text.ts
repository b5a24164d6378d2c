// Devices, shares and what became of a revoked one, in words.
import { WARN_DAYS } from '../../core/directory/renewal.js';
import type { Style } from '../cli/style.js';
import { formatRequest } from './requests-text.js';
import type { DevicesAnswer, KnownDevice, RevokeAnswer } from './methods.js';

const ID_CHARACTERS = 8;
const short = (id: string): string => id.slice(0, ID_CHARACTERS);

const CA_KEY = {
  none: 'The user CA key is on another device: only there can devices be added, and revoked for all.',
  plain: 'The user CA key is on this device.',
  encrypted: 'The user CA key is on this device, under a passphrase.',
} as const satisfies Record<DevicesAnswer['caKey'], string>;

export function formatDevices(
  { userId, caKey, devices, shares, requests }: DevicesAnswer,
  style: Style,
): string {
  return [
    `User ${short(userId)}. ${CA_KEY[caKey]}`,
    ...devices.map((device) => formatDevice(device, style)),
    ...shares.map(
      ({ userId: other, databases }) =>
        `  shares with user ${short(other)}: ${databases.map(({ name, access }) => `${name} (${access})`).join(', ')}`,
    ),
    ...requests.map((request) => style.warn(`  ${formatRequest(request)}`)),
  ].join('\n');
}

function formatDevice(device: KnownDevice, style: Style): string {
  const notes = [
    ...(device.isThis ? ['this device'] : []),
    ...(device.holdsCaKey ? ['has the user CA key'] : []),
    ...(device.revoked === 'no' ? [leafText(device, style)] : [revokedText(device, style)]),
  ];
  return `  ${short(device.deviceId)}  ${JSON.stringify(device.name)}  ${notes.join(', ')}`;
}

const revokedText = ({ revoked }: KnownDevice, style: Style): string =>
  style.warn(revoked === 'here' ? 'denied by this device only' : 'revoked');

function leafText({ daysLeft, notAfter }: KnownDevice, style: Style): string {
  if (daysLeft < 0) return style.warn('its certificate has ended: pair it again');
  const text = `certificate until ${notAfter.slice(0, 10)}`;
  return daysLeft < WARN_DAYS ? style.warn(`${text}, in ${daysLeft} days`) : text;
}

export function formatRevoked(answer: RevokeAnswer, style: Style): string {
  const { deviceId, scope, newUserId, toJoin, toShare } = answer;
  if (scope === 'here')
    return style.warn(
      `${short(deviceId)} is denied by THIS DEVICE ONLY: the user CA key is not here, and no other device hears of it.
Run this on a device that has the key as well.`,
    );
  const revoked = `${short(deviceId)} is revoked. Other devices learn of it when they next meet this one.`;
  if (newUserId === null) return revoked;
  return [revoked, 'It had the user CA key.', formatNewUser({ newUserId, toJoin, toShare })].join('\n');
}

export function formatNewUser({ newUserId, toJoin, toShare }: NewUser): string {
  const names = toJoin.map((name) => JSON.stringify(name)).join(', ');
  const users = toShare.map(short).join(', ');
  return [
    `This device is of a new user now: ${short(newUserId)}. All that the old CA signed is refused here.`,
    ...(toJoin.length === 0
      ? []
      : [`Run \`patchcord join\` on ${names}, with a code from \`patchcord pair\` here.`]),
    ...(toShare.length === 0 ? [] : [`Share anew with user ${users}.`]),
  ].join('\n');
}

interface NewUser {
  readonly newUserId: string;
  readonly toJoin: readonly string[];
  readonly toShare: readonly string[];
}
