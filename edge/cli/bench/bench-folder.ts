import { mkdtemp, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** A folder of the bench's own on the disk of the data directory. */
export interface BenchFolder {
  readonly path: string;
  remove(): Promise<void>;
}

/**
 * Makes one beside the data directory, or above it where that does not exist yet. Where the data
 * directory is a mount point, beside it is another disk, and the folder is made in it. Nothing that
 * is there is touched. Rejects with the system's error.
 */
export async function makeBenchFolder(dataDir: string): Promise<BenchFolder> {
  const path = await mkdtemp(join(await parentFor(dataDir), 'shorelog-bench-'));
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) };
}

async function parentFor(dataDir: string): Promise<string> {
  const own = await deviceOf(dataDir);
  let parent = dirname(dataDir);
  while ((await deviceOf(parent)) === undefined && dirname(parent) !== parent) {
    parent = dirname(parent);
  }
  return own === undefined || own === (await deviceOf(parent)) ? parent : dataDir;
}

async function deviceOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).dev;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
