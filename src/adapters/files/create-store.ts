// Makes the empty store of a parent folder (FileStore protocol V1). The gateway writes nothing: this is for the agent.
import { randomBytes } from 'node:crypto';
import { lstat, open } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeDbase32 } from '../../core/dbase32.js';
import { ensureFolder } from './ensure-folder.js';

export const STORE_FOLDERS = ['files', 'leaves', 'tmp', 'partial', 'corrupt'] as const;

const STORE_ID_BYTES = 15;
const README = `This folder is a FileStore. The files in it are named by the hash of their content.
Change nothing here by hand: \`patchcord files\` lists, checks, adds and takes out.
`;

export class StoreUnusable extends Error {
  readonly path: string;
  constructor(path: string) {
    super(`${path} is not a folder`);
    this.path = path;
  }
}

/** Makes what is missing of the store in `parent`, which is there. Throws `StoreUnusable` for a link in its place. */
export async function createStore(parent: string): Promise<void> {
  const store = join(parent, '.dmedia');
  await ensureFolder(store);
  if (!(await lstat(store)).isDirectory()) throw new StoreUnusable(store);
  for (const folder of STORE_FOLDERS) await ensureFolder(join(store, folder));
  await writeOnce(join(store, 'README.txt'), README);
  const id = encodeDbase32(randomBytes(STORE_ID_BYTES));
  await writeOnce(
    join(store, 'filestore.json'),
    `${JSON.stringify({ _id: id, type: 'dmedia/store', plugin: 'filestore', copies: 1 }, null, 2)}\n`,
  );
}

/** Leaves alone what is there. */
async function writeOnce(path: string, content: string): Promise<void> {
  const file = await open(path, 'wx').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return null;
    throw error;
  });
  if (file === null) return;
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}
