// The stores: there, writable, and with room.
import { access, constants, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { createStores } from '../../adapters/files/stores.js';
import { formatBytes } from '../cli/format.js';
import type { Settings } from '../config/settings.js';
import { attention, bad, good, type Finding } from './finding.js';

const GIB = 1024 ** 3;
const MIN_FREE_BYTES = 5 * GIB;
const MIN_FREE_PART = 0.1;

/** `ownStore` is made by `up`, when it is the one that is configured. */
export async function checkStores({ stores }: Settings, ownStore: string): Promise<Finding[]> {
  const status = await createStores(stores).status();
  return Promise.all(status.map(({ path, present }) => checkStore(path, present, path === ownStore)));
}

async function checkStore(path: string, present: boolean, isOwn: boolean): Promise<Finding> {
  if (!present && isOwn)
    return attention('stores', `there is no store in ${path} yet`, 'patchcord up makes it');
  if (!present)
    return attention(
      'stores',
      `there is no store in ${path} now`,
      `plug in the drive; or make one: patchcord files stores --add ${path}`,
    );
  const canWrite = await access(join(path, '.dmedia', 'tmp'), constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!canWrite)
    return bad(
      'stores',
      `${path} cannot be written to`,
      `look at the owner and the mount options of ${path}`,
    );
  const room = await statfs(path);
  const free = room.bavail * room.bsize;
  const isLow = free < Math.min(MIN_FREE_BYTES, MIN_FREE_PART * room.blocks * room.bsize);
  const text = `${path} has ${formatBytes(free)} free`;
  return isLow
    ? attention('stores', text, 'make room: files of other devices are not fetched')
    : good('stores', text);
}
