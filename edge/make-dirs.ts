import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a directory and its parents; no error if it is there. Node's own `recursive` never returns
 * where a parent exists but takes no entries (ENOENT again and again, as in /proc). Rejects with
 * the system's error.
 */
export async function makeDirs(dir: string, mode: number): Promise<void> {
  const failure = await makeDir(dir, mode);
  if (failure === undefined) return;
  const parent = dirname(dir);
  if (failure.code !== 'ENOENT' || parent === dir) throw failure;
  await makeDirs(parent, mode);
  const again = await makeDir(dir, mode);
  if (again !== undefined) throw again;
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
