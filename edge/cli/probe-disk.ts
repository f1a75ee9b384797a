import { open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';

import type { Result } from '../../src/base/result.ts';
import { fail, ok } from '../../src/base/result.ts';
import { makeDirs } from '../make-dirs.ts';

/** What the disk under a directory does, measured now. */
export interface DiskProbe {
  readonly syncMsP50: number;
  readonly syncMsP99: number;
  /** Appending in large writes with one fdatasync at the end. */
  readonly appendBytesPerSecond: number;
  readonly freeBytes: number;
  /** RAM: nothing survives a power cut there. */
  readonly isMemory: boolean;
}

export interface ProbeSize {
  readonly syncs: number;
  readonly appendBytes: number;
}

const tmpfsType = 0x01021994;
const smallWriteBytes = 4_096;
const largeWriteBytes = 1024 * 1024;

/**
 * Writes a file of its own into `dir` (made if it is absent), syncs, measures, and removes it.
 * Fails with the system's error code.
 */
export async function probeDisk(dir: string, size: ProbeSize): Promise<Result<DiskProbe, string>> {
  // A name that a first start takes no notice of: this command may be killed before it is removed.
  const file = join(dir, `probe-${process.pid}.new`);
  try {
    await makeDirs(dir, 0o700);
    const { bavail, bsize, type } = await statfs(dir);
    const handle = await open(file, 'wx');
    try {
      const syncs = await syncTimes(handle, size.syncs);
      const appendBytesPerSecond = await appendSpeed(handle, size);
      return ok({
        syncMsP50: quantile(syncs, 0.5),
        syncMsP99: quantile(syncs, 0.99),
        appendBytesPerSecond,
        freeBytes: bavail * bsize,
        isMemory: type === tmpfsType,
      });
    } finally {
      await handle.close();
      await rm(file, { force: true });
    }
  } catch (error) {
    return fail(error instanceof Error && 'code' in error ? String(error.code) : 'unknown error');
  }
}

type Handle = Awaited<ReturnType<typeof open>>;

async function syncTimes(handle: Handle, count: number): Promise<number[]> {
  const block = new Uint8Array(smallWriteBytes).fill(0x5a);
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    await handle.write(block, 0, block.length, i * block.length);
    const begin = performance.now();
    await handle.datasync();
    times.push(performance.now() - begin);
  }
  return times.toSorted((a, b) => a - b);
}

async function appendSpeed(handle: Handle, { syncs, appendBytes }: ProbeSize): Promise<number> {
  const block = new Uint8Array(largeWriteBytes).fill(0xa5);
  const begin = performance.now();
  let position = syncs * smallWriteBytes;
  const end = position + appendBytes;
  for (; position < end; position += block.length) {
    await handle.write(block, 0, block.length, position);
  }
  await handle.datasync();
  return appendBytes / ((performance.now() - begin) / 1_000);
}

/** Of sorted values; 0 of none. */
export const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0;
