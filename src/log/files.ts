import { DiskError } from '../ports/disk.ts';
import type { Disk, DiskErrorCode, DiskFile } from '../ports/disk.ts';
import { readSalvaging } from './salvage.ts';

/** Whether an exception is the disk's refusal with that code. */
export const isDiskError = (error: unknown, code: DiskErrorCode): error is DiskError =>
  error instanceof DiskError && error.code === code;

/** Whether there is no room for a write. From an fsync ENOSPC means something worse (L8). */
export const isFull = (error: unknown): error is DiskError =>
  isDiskError(error, 'ENOSPC') && !error.operation.startsWith('sync');

/**
 * All bytes of a file, or undefined if it is not there. Sectors that cannot be read are zeros
 * (`readSalvaging`): every file of ours is checked by whoever reads it.
 */
export async function readWhole(disk: Disk, path: string): Promise<Uint8Array | undefined> {
  const file = await openIfThere(disk, path);
  if (file === undefined) return undefined;
  try {
    return await readSalvaging(file, 0, await file.size());
  } finally {
    await file.close();
  }
}

/** The file open for reading, or undefined if it is not there. */
export async function openIfThere(disk: Disk, path: string): Promise<DiskFile | undefined> {
  try {
    return await disk.open(path, 'read');
  } catch (error) {
    if (isDiskError(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** An empty file of that name, whatever was there before. */
export async function openFresh(disk: Disk, path: string): Promise<DiskFile> {
  try {
    return await disk.open(path, 'create');
  } catch (error) {
    if (!isDiskError(error, 'EEXIST')) throw error;
  }
  const file = await disk.open(path, 'readWrite');
  await file.truncate(0);
  return file;
}

/**
 * Writes a whole file and fsyncs it; its name is not durable yet. On a full disk it leaves nothing
 * behind.
 */
export function writeDurably(
  disk: Disk,
  path: string,
  chunks: readonly Uint8Array[],
): Promise<void> {
  return writeFile(disk, path, async (file) => {
    await file.write(0, chunks);
    await file.sync();
  });
}

/** What is half written takes room that something else may need to go on. */
async function writeFile(
  disk: Disk,
  path: string,
  write: (file: DiskFile) => Promise<void>,
): Promise<void> {
  const file = await openFresh(disk, path);
  try {
    await write(file);
  } catch (error) {
    if (isFull(error)) await unlinkIfThere(disk, path);
    throw error;
  } finally {
    await file.close();
  }
}

/**
 * Puts a new content in the place of a file, whole or not at all, also in a power cut. `dir` is the
 * file's.
 */
export async function replaceFile(
  disk: Disk,
  dir: string,
  name: string,
  bytes: Uint8Array,
): Promise<void> {
  const path = joinPath(dir, name);
  await writeDurably(disk, `${path}.new`, [bytes]);
  await disk.rename(`${path}.new`, path);
  await disk.syncDir(dir);
}

/**
 * Writes a derived file (L5): not fsynced, since what reads it checks it. A full disk is no error:
 * the file is left out and rebuilt one day. True if it was written.
 */
export async function writeDerived(disk: Disk, path: string, bytes: Uint8Array): Promise<boolean> {
  return toleratingNoSpace(() => writeFile(disk, path, (file) => file.write(0, [bytes])));
}

/** Runs a write of derived bytes; false if there was no space for it. */
export async function toleratingNoSpace(run: () => Promise<void>): Promise<boolean> {
  try {
    await run();
    return true;
  } catch (error) {
    if (isFull(error)) return false;
    throw error;
  }
}

/** Unlinks a file if it is there. */
export async function unlinkIfThere(disk: Disk, path: string): Promise<void> {
  try {
    await disk.unlink(path);
  } catch (error) {
    if (!isDiskError(error, 'ENOENT')) throw error;
  }
}

export const joinPath = (dir: string, name: string): string =>
  dir === '' ? name : `${dir}/${name}`;
