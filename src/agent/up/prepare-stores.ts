// The stores before the gateway reads them. The one in the home is made; one on a drive is made when a person says so,
// since an empty folder where a drive is not mounted would pass for the drive.
import { createStore, StoreUnusable } from '../../adapters/files/create-store.js';
import { makeFolders } from '../../adapters/home/make-folders.js';
import { Failure } from '../cli/failure.js';
import type { Settings } from '../config/settings.js';
import type { Paths } from '../home/paths.js';

export async function prepareStores({ stores }: Settings, paths: Paths): Promise<void> {
  if (stores.includes(paths.store)) await makeStore(paths.store);
}

/** The store in this folder, which is made too. Fails where there can be none. */
export async function makeStore(parent: string): Promise<void> {
  try {
    await makeFolders(parent);
    await createStore(parent);
  } catch (error) {
    if (!(error instanceof StoreUnusable)) throw error;
    throw new Failure('cannotCreate', 'store', `there can be no store: ${error.message}`);
  }
}
