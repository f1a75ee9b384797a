import { open, mkdir, readdir, rename, rm, rmdir, stat, statfs } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { assert } from '../src/base/assert.ts';
import { DiskError } from '../src/ports/disk.ts';
import type {
  Disk,
  DiskErrorCode,
  DiskFile,
  DiskSpace,
  DiskStat,
  OpenMode,
} from '../src/ports/disk.ts';

/** One vectored write takes at most this many chunks (IOV_MAX is 1,024 on Linux). */
const chunksPerWrite = 512;
const flagsOf = { read: 'r', readWrite: 'r+', create: 'wx+' } as const;
const known: ReadonlySet<string> = new Set<DiskErrorCode>([
  'ENOSPC',
  'EIO',
  'EROFS',
  'ENOENT',
  'EEXIST',
  'EACCES',
  'EMFILE',
]);

/** The Disk port on the operating system. Paths are below `root`, which must exist. */
export class NodeDisk implements Disk {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  async open(path: string, mode: OpenMode): Promise<DiskFile> {
    const handle = await attempt('open', path, () => open(this.#at(path), flagsOf[mode], 0o640));
    return new NodeDiskFile(path, handle);
  }

  async list(dir: string): Promise<readonly string[]> {
    const names = await attempt('list', dir, () => readdir(this.#at(dir)));
    return names.sort();
  }

  async stat(path: string): Promise<DiskStat | undefined> {
    try {
      const found = await attempt('stat', path, () => stat(this.#at(path)));
      return { bytes: found.size, isDirectory: found.isDirectory() };
    } catch (error) {
      if (error instanceof DiskError && error.code === 'ENOENT') return undefined;
      throw error;
    }
  }

  async makeDir(dir: string): Promise<void> {
    await attempt('makeDir', dir, () => mkdir(this.#at(dir), { recursive: true, mode: 0o750 }));
  }

  async rename(from: string, to: string): Promise<void> {
    await attempt('rename', from, () => rename(this.#at(from), this.#at(to)));
  }

  async unlink(path: string): Promise<void> {
    await attempt('unlink', path, () => rm(this.#at(path)));
  }

  async removeDir(dir: string): Promise<void> {
    await attempt('removeDir', dir, () => rmdir(this.#at(dir)));
  }

  async syncDir(dir: string): Promise<void> {
    await attempt('syncDir', dir, async () => {
      const handle = await open(this.#at(dir), 'r');
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    });
  }

  async space(): Promise<DiskSpace> {
    const found = await attempt('space', '.', () => statfs(this.#root));
    return {
      freeBytes: found.bavail * found.bsize,
      totalBytes: found.blocks * found.bsize,
    };
  }

  #at(path: string): string {
    assert(!path.startsWith('/') && !path.split('/').includes('..'), 'paths stay below the root');
    return join(this.#root, path);
  }
}

class NodeDiskFile implements DiskFile {
  readonly path: string;
  readonly #handle: FileHandle;

  constructor(path: string, handle: FileHandle) {
    this.path = path;
    this.#handle = handle;
  }

  async write(position: number, chunks: readonly Uint8Array[]): Promise<void> {
    let at = position;
    let rest = chunks.filter((chunk) => chunk.length > 0);
    while (rest.length > 0) {
      const piece = rest.slice(0, chunksPerWrite);
      const done = await attempt('write', this.path, () => this.#handle.writev(piece, at));
      at += done.bytesWritten;
      rest = withoutFirst(rest, done.bytesWritten);
    }
  }

  async read(position: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const into = bytes.subarray(filled);
      const done = await attempt('read', this.path, () =>
        this.#handle.read(into, 0, into.length, position + filled),
      );
      if (done.bytesRead === 0) break;
      filled += done.bytesRead;
    }
    return filled === length ? bytes : bytes.slice(0, filled);
  }

  async sync(): Promise<void> {
    await attempt('sync', this.path, () => this.#handle.datasync());
  }

  async truncate(size: number): Promise<void> {
    await attempt('truncate', this.path, () => this.#handle.truncate(size));
  }

  async size(): Promise<number> {
    return (await attempt('size', this.path, () => this.#handle.stat())).size;
  }

  async close(): Promise<void> {
    await attempt('close', this.path, () => this.#handle.close());
  }
}

/**
 * What is left of the chunks after the first `bytes` bytes: the kernel may write less than it was
 * given.
 */
function withoutFirst(chunks: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let skip = bytes;
  const rest: Uint8Array[] = [];
  for (const chunk of chunks) {
    if (skip >= chunk.length) skip -= chunk.length;
    else {
      rest.push(skip === 0 ? chunk : chunk.subarray(skip));
      skip = 0;
    }
  }
  return rest;
}

async function attempt<T>(operation: string, path: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === '' || code.startsWith('ERR_')) throw error;
    throw new DiskError(codeOf(code), operation, path, code);
  }
}

function codeOf(code: string): DiskErrorCode {
  if (code === 'EDQUOT') return 'ENOSPC';
  if (code === 'EPERM') return 'EACCES';
  if (code === 'ENFILE') return 'EMFILE';
  return known.has(code) ? (code as DiskErrorCode) : 'OTHER';
}
