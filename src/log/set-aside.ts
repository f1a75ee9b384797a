import { isFull, writeDurably } from './files.ts';
import type { Disk } from '../ports/disk.ts';

/** Where what cannot be used and must not be deleted is kept (L6, V6). */
export const setAsideDir = 'set-aside';

/**
 * Keeps a copy of damaged bytes, durably, before the log lets go of them; the same bytes always
 * under the same name, so that a crash and a second recovery leave one copy. Returns the path, or
 * undefined if the disk is full: being able to start is worth more than the copy.
 */
export async function setBytesAside(
  disk: Disk,
  name: string,
  bytes: Uint8Array,
): Promise<string | undefined> {
  const path = `${setAsideDir}/${name}`;
  try {
    await disk.makeDir(setAsideDir);
    await writeDurably(disk, path, [bytes]);
    await disk.syncDir(setAsideDir);
    await disk.syncDir('');
    return path;
  } catch (error) {
    if (!isFull(error)) throw error;
    return undefined;
  }
}

/** Moves a folder that is not, or not safely, ours out of `logs/`. Returns where it is now. */
export async function setFolderAside(disk: Disk, dir: string): Promise<string> {
  await disk.makeDir(setAsideDir);
  const taken = new Set(await disk.list(setAsideDir));
  const name = dir.slice(dir.lastIndexOf('/') + 1);
  let number = 1;
  while (taken.has(`${name}.${number}`)) number++;
  const path = `${setAsideDir}/${name}.${number}`;
  await disk.rename(dir, path);
  await disk.syncDir(setAsideDir);
  await disk.syncDir('logs');
  await disk.syncDir('');
  return path;
}
