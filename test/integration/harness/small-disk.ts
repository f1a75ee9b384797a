import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'vitest';
import { lackRight } from '../../support/require-tool.ts';
import { makeTempFolder, removeTempFolder } from './temp-folder.ts';

/** A file system of its own in memory, so small that it is soon full. */
export interface SmallDisk {
  readonly folder: string;
  freeBytes(): number;
  /** Writes a file of others; false if it did not fit, and what did fit stays. */
  occupy(name: string, bytes: number): boolean;
  vacate(name: string): void;
  unmount(): void;
}

/** Skips, with the reason in the summary, where this user may not mount anything; see lackRight. */
export const mountSmallDisk = (
  context: Pick<TestContext, 'skip'>,
  mebibytes: number,
): SmallDisk => {
  const parent = makeTempFolder('small-disk');
  const folder = join(parent, 'disk');
  mkdirSync(folder);
  const args = ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', folder];
  const mounted = spawnSync('mount', args, { encoding: 'utf8' });
  if (mounted.status !== 0) {
    removeTempFolder(parent);
    const text = `no right to mount a file system: ${mounted.stderr ?? String(mounted.error)}`;
    return lackRight(context, text);
  }
  return {
    folder,
    freeBytes: () => {
      const { bavail, bsize } = statfsSync(folder);
      return bavail * bsize;
    },
    occupy: (name, bytes) => {
      try {
        writeFileSync(join(folder, name), Buffer.alloc(bytes, 1));
        return true;
      } catch {
        return false;
      }
    },
    vacate: (name) => rmSync(join(folder, name), { force: true }),
    unmount: () => {
      spawnSync('umount', ['-l', folder]);
      removeTempFolder(parent);
    },
  };
};
