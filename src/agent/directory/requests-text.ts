// What devices ask for, in words. Names are quoted: another device has chosen them.
import type { Wish } from '../../core/requests.js';
import type { OpenRequest } from './methods.js';

const ID_CHARACTERS = 8;
const short = (id: string): string => id.slice(0, ID_CHARACTERS);

/** The other user's id is said whole: its beginning could be made to fit. */
export function formatWish(wish: Wish): string {
  if (wish.type === 'rename-request') return `call ${short(wish.deviceId)} ${JSON.stringify(wish.name)}`;
  if (wish.databases.length === 0) return `share nothing more with user ${wish.peerUserId}`;
  const databases = wish.databases.map(({ name, access }) => `${name} (${access})`).join(', ');
  return `share ${databases} with user ${wish.peerUserId}`;
}

export const formatRequest = ({ id, name, isOwn, wish }: OpenRequest): string =>
  `${isOwn ? 'this device' : JSON.stringify(name)} asks to ${formatWish(wish)}: \`patchcord allow ${short(id)}\``;
