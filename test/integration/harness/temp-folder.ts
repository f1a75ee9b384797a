import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../../edge/cli/demo/package-root.ts';
import { fileSystemOf } from './file-system.ts';

/**
 * A new folder on a real disk: below the system's temporary folder, or below ours where that one is
 * memory.
 */
export const makeTempFolder = (name: string): string => {
  const parent = fileSystemOf(tmpdir()).isMemory
    ? join(packageRoot(), 'dist-test', 'tmp')
    : tmpdir();
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, `shorelog-${name}-`));
  if (fileSystemOf(folder).isMemory) throw new Error(`${folder} is in memory, not on a disk`);
  return folder;
};

/** Removes what `makeTempFolder` made. */
export const removeTempFolder = (folder: string): void => {
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
};
