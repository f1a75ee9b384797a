import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Level } from 'level';
import { fail, ok } from '../src/base/result.ts';
import type { Result } from '../src/base/result.ts';

/** Held until `release` or the end of the process, however it ends. */
export interface DataLock {
  release(): Promise<void>;
}

/** `held`: by another process, or by this one already. */
export type DataLockError = 'held' | 'notWritable' | 'unusable';

/**
 * Takes the data directory for this process: the LOCK of a LevelDB of its own in `lock/`, which
 * holds nothing. The operating system gives it back when the process dies. The directory must
 * exist.
 */
export async function lockDataDirectory(dir: string): Promise<Result<DataLock, DataLockError>> {
  const lockDir = join(dir, 'lock');
  const taken = await takeLock(lockDir);
  if (taken.ok || taken.error !== 'unusable') return taken;
  // LevelDB does not sync its first manifest: a power cut in the first start leaves an empty one,
  // and it would never open again. Nothing in it is worth anything but LOCK, which is never
  // deleted: whoever holds the lock holds that very file, and a rival that deletes the others under
  // a holder still finds it held.
  return (await clearAllButLock(lockDir)) ? takeLock(lockDir) : taken;
}

async function takeLock(lockDir: string): Promise<Result<DataLock, DataLockError>> {
  const database = new Level(lockDir);
  try {
    await database.open();
    return ok({ release: () => database.close() });
  } catch (error) {
    return fail(reasonOf(error));
  }
}

/** False where there is nothing that can be deleted. */
async function clearAllButLock(lockDir: string): Promise<boolean> {
  try {
    const names = (await readdir(lockDir)).filter((name) => name !== 'LOCK');
    await Promise.all(names.map((name) => rm(join(lockDir, name))));
    return names.length > 0;
  } catch {
    return false;
  }
}

function reasonOf(error: unknown): DataLockError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : undefined;
  if (cause !== undefined && 'code' in cause && cause.code === 'LEVEL_LOCKED') return 'held';
  // LevelDB gives the reason of the operating system as text only; it decides nothing but a hint.
  const isDenied = /permission denied|read-only/i.test(cause?.message ?? '');
  return isDenied ? 'notWritable' : 'unusable';
}
