import { DiskError } from '../ports/disk.ts';
import type { DiskFile } from '../ports/disk.ts';

/** What a drive gives up as one piece. */
const blockBytes = 4096;
/** A bad sector may answer at a later try; one that does not keeps the drive busy for seconds. */
const triesPerBlock = 2;

/**
 * Reads a part of a file of which some sectors may be unreadable (EIO): those read as zeros. For
 * whoever checks what it reads and takes what fails for rot; one bad sector must not take more than
 * the batches that lie on it. Rejects with any other DiskError.
 */
export async function readSalvaging(
  file: DiskFile,
  position: number,
  length: number,
): Promise<Uint8Array> {
  try {
    return await file.read(position, length);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
  }
  const bytes = new Uint8Array(Math.max(0, Math.min(length, (await file.size()) - position)));
  for (let at = 0; at < bytes.length;) {
    const end = Math.min(bytes.length, at + blockBytes - ((position + at) % blockBytes));
    bytes.set(await readBlock(file, position + at, end - at), at);
    at = end;
  }
  return bytes;
}

async function readBlock(file: DiskFile, position: number, length: number): Promise<Uint8Array> {
  for (let tries = triesPerBlock; tries > 0; tries--) {
    try {
      return await file.read(position, length);
    } catch (error) {
      if (!isUnreadable(error)) throw error;
    }
  }
  return new Uint8Array(0);
}

const isUnreadable = (error: unknown): boolean =>
  error instanceof DiskError && error.code === 'EIO';
