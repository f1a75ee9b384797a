import { DiskError } from '../ports/disk.ts';
import type { Disk, DiskFile, DiskSpace, DiskStat, OpenMode } from '../ports/disk.ts';

/**
 * L8 in one place: after a failed fsync, or EIO or EROFS on anything that changes the disk, the
 * whole data directory is condemned. Every later change or fsync is refused with the first error,
 * so no second fsync can say yes for bytes that the first one lost. Reads go on. ENOSPC on a write
 * condemns nothing; ENOSPC from an fsync does.
 */
export class CondemnableDisk implements Disk {
  readonly #disk: Disk;
  #verdict: DiskError | undefined;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** The error that condemned the directory. */
  get verdict(): DiskError | undefined {
    return this.#verdict;
  }

  async open(path: string, mode: OpenMode): Promise<DiskFile> {
    const opening = (): Promise<DiskFile> => this.#disk.open(path, mode);
    const file = mode === 'create' ? await this.change(opening) : await opening();
    return new CondemnableFile(file, this);
  }

  list(dir: string): Promise<readonly string[]> {
    return this.#disk.list(dir);
  }

  stat(path: string): Promise<DiskStat | undefined> {
    return this.#disk.stat(path);
  }

  space(): Promise<DiskSpace> {
    return this.#disk.space();
  }

  makeDir(dir: string): Promise<void> {
    return this.change(() => this.#disk.makeDir(dir));
  }

  rename(from: string, to: string): Promise<void> {
    return this.change(() => this.#disk.rename(from, to));
  }

  unlink(path: string): Promise<void> {
    return this.change(() => this.#disk.unlink(path));
  }

  removeDir(dir: string): Promise<void> {
    return this.change(() => this.#disk.removeDir(dir));
  }

  syncDir(dir: string): Promise<void> {
    return this.flush(() => this.#disk.syncDir(dir));
  }

  /** Runs something that changes the disk, unless it is condemned. */
  async change<T>(run: () => Promise<T>): Promise<T> {
    if (this.#verdict !== undefined) throw this.#verdict;
    try {
      return await run();
    } catch (error) {
      if (error instanceof DiskError && (error.code === 'EIO' || error.code === 'EROFS')) {
        this.#verdict ??= error;
      }
      throw error;
    }
  }

  /** Runs an fsync, unless the disk is condemned; any failure of it condemns. */
  async flush(run: () => Promise<void>): Promise<void> {
    if (this.#verdict !== undefined) throw this.#verdict;
    try {
      await run();
    } catch (error) {
      if (error instanceof DiskError) this.#verdict ??= error;
      throw error;
    }
  }
}

class CondemnableFile implements DiskFile {
  readonly #file: DiskFile;
  readonly #disk: CondemnableDisk;

  constructor(file: DiskFile, disk: CondemnableDisk) {
    this.#file = file;
    this.#disk = disk;
  }

  get path(): string {
    return this.#file.path;
  }

  write(position: number, chunks: readonly Uint8Array[]): Promise<void> {
    return this.#disk.change(() => this.#file.write(position, chunks));
  }

  read(position: number, length: number): Promise<Uint8Array> {
    return this.#file.read(position, length);
  }

  sync(): Promise<void> {
    return this.#disk.flush(() => this.#file.sync());
  }

  truncate(size: number): Promise<void> {
    return this.#disk.change(() => this.#file.truncate(size));
  }

  size(): Promise<number> {
    return this.#file.size();
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
