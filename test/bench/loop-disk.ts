import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** An ext4 of its own in a file: nobody else writes to it, so its counters are what we cost. */
export interface LoopDisk {
  readonly folder: string;
  /** Bytes that the file system has written to its device, its journal and metadata included. */
  bytesWritten(): number;
  close(): void;
}

const sectorBytes = 512;
const sectorsWrittenField = 6;

/**
 * Makes, attaches and mounts one below `parent`. Throws where that is not allowed (it takes root).
 */
export const mountLoopDisk = (parent: string, bytes: number): LoopDisk => {
  const image = join(parent, 'disk.img');
  const folder = join(parent, 'disk');
  mkdirSync(folder, { recursive: true });
  writeFileSync(image, '');
  truncateSync(image, bytes);
  // Without lazy initialisation: it would write in the background while we count.
  run('mkfs.ext4', ['-q', '-F', '-E', 'lazy_itable_init=0,lazy_journal_init=0', image]);
  const device = run('losetup', ['--find', '--show', image]).trim();
  try {
    run('mount', [device, folder]);
  } catch (error) {
    run('losetup', ['--detach', device]);
    throw error;
  }
  const statFile = `/sys/block/${device.slice('/dev/'.length)}/stat`;
  return {
    folder,
    bytesWritten: () => {
      run('sync', ['--file-system', folder]);
      const fields = readFileSync(statFile, 'utf8').trim().split(/\s+/);
      return Number(fields[sectorsWrittenField]) * sectorBytes;
    },
    close: () => {
      run('umount', [folder]);
      run('losetup', ['--detach', device]);
      rmSync(image);
    },
  };
};

const run = (command: string, args: readonly string[]): string => {
  const done = spawnSync(command, args, { encoding: 'utf8' });
  if (done.status === 0) return done.stdout;
  const why = done.error?.message ?? done.stderr.trim();
  throw new Error(`${command}: ${why} (a loop device needs root)`);
};
