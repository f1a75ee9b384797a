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
 * holds nothing and is never deleted. The operating system gives it back when the process dies. The
 * directory must exist.
 */
export async function lockDataDirectory(dir: string): Promise<Result<DataLock, DataLockError>> {
  const database = new Level(join(dir, 'lock'));
  try {
    await database.open();
    return ok({ release: () => database.close() });
  } catch (error) {
    return fail(reasonOf(error));
  }
}

function reasonOf(error: unknown): DataLockError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : undefined;
  if (cause !== undefined && 'code' in cause && cause.code === 'LEVEL_LOCKED') return 'held';
  // LevelDB gives the reason of the operating system as text only; it decides nothing but a hint.
  const isDenied = /permission denied|read-only/i.test(cause?.message ?? '');
  return isDenied ? 'notWritable' : 'unusable';
}
