/** What went wrong, as far as a decision depends on it (L8). */
export type DiskErrorCode =
  'ENOSPC' | 'EIO' | 'EROFS' | 'ENOENT' | 'EEXIST' | 'EACCES' | 'EMFILE' | 'OTHER';

/**
 * The one exception class that `src/` handles: a Disk operation that the operating system refused.
 * The Disk port rejects with it; `src/log` lets it pass; whoever runs effects turns it into an
 * event.
 */
export class DiskError extends Error {
  override readonly name = 'DiskError';
  readonly code: DiskErrorCode;
  readonly operation: string;
  readonly path: string;

  /** @param systemCode the operating system's own word, for the text. */
  constructor(code: DiskErrorCode, operation: string, path: string, systemCode: string = code) {
    super(`${operation} ${path}: ${systemCode}`);
    this.code = code;
    this.operation = operation;
    this.path = path;
  }
}

/** One open file. Positions and lengths are bytes. All methods reject with DiskError. */
export interface DiskFile {
  readonly path: string;
  /**
   * Writes the chunks one after the other from `position`, all of them; after a rejection any part
   * may be there.
   */
  write(position: number, chunks: readonly Uint8Array[]): Promise<void>;
  /**
   * Up to `length` bytes from `position`; shorter only at the end of the file. The caller owns the
   * array.
   */
  read(position: number, length: number): Promise<Uint8Array>;
  /** fdatasync: bytes and size are durable, the directory entry is not. */
  sync(): Promise<void>;
  truncate(size: number): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
}

export type OpenMode = 'read' | 'readWrite' | 'create';

/**
 * A directory tree, paths relative to its root with `/`. Durability is POSIX at its harshest: bytes
 * after `sync` of the file, names (create, rename, unlink) after `syncDir` of their directory,
 * nothing else.
 */
export interface Disk {
  /** `create` makes the file or fails with EEXIST; the others fail with ENOENT. */
  open(path: string, mode: OpenMode): Promise<DiskFile>;
  /** Names in a directory, sorted; ENOENT if it is not there. */
  list(dir: string): Promise<readonly string[]>;
  /** Size in bytes, or undefined if there is no such file or directory. */
  stat(path: string): Promise<DiskStat | undefined>;
  /** Makes the directory and its parents; no error if it is there. */
  makeDir(dir: string): Promise<void>;
  /** Atomically puts `from` in the place of `to`. Works for directories too. */
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  removeDir(dir: string): Promise<void>;
  syncDir(dir: string): Promise<void>;
  /** Bytes that can still be written, and the size of the file system. */
  space(): Promise<DiskSpace>;
}

export interface DiskStat {
  readonly bytes: number;
  readonly isDirectory: boolean;
}

export interface DiskSpace {
  readonly freeBytes: number;
  readonly totalBytes: number;
}
