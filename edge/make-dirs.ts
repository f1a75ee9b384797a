import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a directory and its parents and makes their names durable: data below a name that a power
 * cut takes are gone with it (L3). No error if it is there; its name may be no older than a process
 * that was killed, so it is made durable all the same. Node's own `recursive` never returns where a
 * parent exists but takes no entries (ENOENT again and again, as in /proc). Rejects with the
 * system's error.
 */
export async function makeDirs(dir: string, mode: number): Promise<void> {
  const failure = await makeDir(dir, mode);
  const parent = dirname(dir);
  if (failure !== undefined) {
    if (failure.code !== 'ENOENT' || parent === dir) throw failure;
    await makeDirs(parent, mode);
    const again = await makeDir(dir, mode);
    if (again !== undefined) throw again;
  }
  await syncNames(parent);
}

async function makeDir(dir: string, mode: number): Promise<NodeJS.ErrnoException | undefined> {
  try {
    await mkdir(dir, { mode });
    return undefined;
  } catch (error) {
    const failure = error as NodeJS.ErrnoException;
    return failure.code === 'EEXIST' ? undefined : failure;
  }
}

/** Where a parent's names are not ours to sync: whoever made our directory answers for its name. */
const notOurs: ReadonlySet<string | undefined> = new Set(['EACCES', 'EPERM', 'EROFS', 'EINVAL']);

async function syncNames(dir: string): Promise<void> {
  try {
    const handle = await open(dir, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (!notOurs.has((error as NodeJS.ErrnoException).code)) throw error;
  }
}
