import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileSystemOf } from '../integration/harness/file-system.ts';
import { quantile } from './statistics.ts';

/** What a figure means nothing without. */
export interface Machine {
  readonly node: string;
  readonly cpu: string;
  readonly cores: number;
  readonly fileSystem: string;
  readonly fdatasyncP50Us: number;
  readonly fdatasyncP99Us: number;
}

const syncCount = 200;
const syncBytes = 4_096;

/**
 * Measures the disk of `folder`. Throws on a file system in memory, where an fsync costs nothing.
 */
export const describeMachine = (folder: string): Machine => {
  const fileSystem = fileSystemOf(folder);
  if (fileSystem.isMemory) {
    throw new Error(
      `${folder} is on ${fileSystem.type}: figures from memory would mislead; use --folder`,
    );
  }
  const { p50Us, p99Us } = measureSyncs(folder);
  return {
    node: process.version,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    fileSystem: fileSystem.type,
    fdatasyncP50Us: Math.round(p50Us),
    fdatasyncP99Us: Math.round(p99Us),
  };
};

/** How long fdatasync of a small append takes here. */
export interface SyncTimes {
  readonly p50Us: number;
  readonly p99Us: number;
}

/** Appends and syncs a block many times, as a log does. */
export const measureSyncs = (folder: string): SyncTimes => {
  const file = join(folder, 'fdatasync.bin');
  const fd = openSync(file, 'w');
  const block = Buffer.alloc(syncBytes, 1);
  const tookUs: number[] = [];
  for (let index = 0; index < syncCount; index += 1) {
    writeSync(fd, block);
    const before = performance.now();
    fdatasyncSync(fd);
    tookUs.push((performance.now() - before) * 1_000);
  }
  closeSync(fd);
  rmSync(file);
  return { p50Us: quantile(tookUs, 0.5), p99Us: quantile(tookUs, 0.99) };
};
