/**
 * A disk that is as unkind as POSIX allows, for tests. What can happen, and why the product must
 * live with it:
 *
 * - The page cache is not the disk. A write or truncate is visible to every reader at once, and
 *   durable only after `sync` of that file. Names (create, rename, unlink, makeDir) are visible at
 *   once and durable only after `syncDir` of their directory; a file whose name is not durable is
 *   lost with all its synced bytes. A rename is one step: it is there whole or not at all, and
 *   `syncDir` of either of its directories makes it durable.
 * - A crash is one of `CrashMode`:
 *   `killed`  the process dies, the machine does not: everything written is still visible, and
 *             still not durable;
 *   `lost`    power cut: every change that was not synced is gone;
 *   `some`    power cut: of the unsynced changes a random subset is there, in any order of files
 *             and directories. A write may leave its size and no bytes (zeros), truncates and names
 *             may or may not be there;
 *   `torn`    power cut: a random prefix of the unsynced changes of each file and directory is
 *             there, and of the write that follows only its first bytes.
 * - A failed `sync` marks the pages clean: readers go on seeing the bytes, the disk does not have
 *   them (or some of them), and the next `sync` says yes without writing them. They vanish at the
 *   next power cut. Names are not forgotten so: they are journalled, and a file system that cannot
 *   write its journal takes no more changes at all.
 * - A change of a name is never durable without the older changes of that name.
 * - No space: a byte budget. A write past it leaves what fits and fails with ENOSPC; so does the
 *   making of a name.
 * - The n-th call fails with a given code, or is the last that the process makes. A failed or last
 *   write may have left any part of its bytes.
 * - A bit flips, by `flipBit`, in the cache and on the disk alike.
 *
 * Not modelled: a device that lies about flushing, reordering of a file's bytes after a successful
 * sync. Every call of Disk and DiskFile counts, reads too. All chance comes from the seed.
 */
import { Prng } from '../../src/base/prng.ts';
import { DiskError } from '../../src/ports/disk.ts';
import type {
  Disk,
  DiskErrorCode,
  DiskFile,
  DiskSpace,
  DiskStat,
  OpenMode,
} from '../../src/ports/disk.ts';
import { FakeFolder, FakeInode, nameOf, parentOf } from './fake-disk-state.ts';
import type { CrashMode, Entry } from './fake-disk-state.ts';

export type { CrashMode } from './fake-disk-state.ts';

export type DiskCall =
  | 'open'
  | 'list'
  | 'stat'
  | 'makeDir'
  | 'rename'
  | 'unlink'
  | 'removeDir'
  | 'syncDir'
  | 'space'
  | 'write'
  | 'read'
  | 'sync'
  | 'truncate'
  | 'size'
  | 'close';

/**
 * Thrown by the call at which the process dies and by every call after it, until `reboot`. Not a
 * DiskError.
 */
export class PowerCut extends Error {
  override readonly name = 'PowerCut';
}

interface Plan {
  /** Its number, or of which kind the next one is. */
  readonly call: number | DiskCall;
  readonly code: DiskErrorCode | 'crash';
}

export class FakeDisk implements Disk {
  /**
   * Calls since the disk was made; `crashAt` and `failAt` count in these. Not reset by `reboot`.
   */
  callCount = 0;
  /** The kind of each call, in order: `trace[n - 1]` is call n. */
  readonly trace: DiskCall[] = [];
  readonly paths: string[] = [];
  /** True from the crash to `reboot`. */
  isDown = false;
  /** Bytes that files may hold together. */
  budgetBytes = 1 << 30;
  readonly #prng: Prng;
  readonly #root = new FakeFolder();
  #plans: Plan[] = [];
  #boot = 0;

  constructor(seed = 1) {
    this.#prng = new Prng(seed);
  }

  /**
   * The `call`-th call (counted from 1 over the life of the disk) is the last one of this process.
   */
  crashAt(call: number): void {
    this.#plans.push({ call, code: 'crash' });
  }

  /** The `call`-th call fails with `code`. */
  failAt(call: number, code: DiskErrorCode): void {
    this.#plans.push({ call, code });
  }

  /** The next call of that kind fails with `code`. */
  failNext(kind: DiskCall, code: DiskErrorCode): void {
    this.#plans.push({ call: kind, code });
  }

  /** Calls of one kind so far. */
  count(kind: DiskCall): number {
    return this.trace.filter((one) => one === kind).length;
  }

  /**
   * Brings the disk up as a crash of that kind left it, crashed before or not. Open files are dead;
   * plans are gone.
   */
  reboot(mode: CrashMode): void {
    this.isDown = false;
    this.#plans = [];
    this.#boot++;
    if (mode !== 'killed') this.#root.cut(mode, this.#prng);
  }

  /** Rot: flips one bit in the cache and on the disk. */
  flipBit(path: string, position: number, bit = 0): void {
    this.#inode('flipBit', path).flipBit(position, bit);
  }

  /** From now on no read gets past that byte (EIO). */
  spoil(path: string, position: number): void {
    this.#inode('spoil', path).spoiled = position;
  }

  /** Every file with what a reader sees, without counting calls. */
  files(): ReadonlyMap<string, Uint8Array> {
    const found = new Map<string, Uint8Array>();
    const walk = (dir: FakeFolder, prefix: string): void => {
      for (const [name, entry] of dir.entries) {
        if (entry instanceof FakeFolder) walk(entry, `${prefix}${name}/`);
        else found.set(prefix + name, entry.cache.slice());
      }
    };
    walk(this.#root, '');
    return found;
  }

  /** Puts a durable file there, or replaces it, from outside of the process under test. */
  plant(path: string, bytes: Uint8Array): void {
    const inode = new FakeInode();
    inode.cache = bytes.slice();
    inode.durable = bytes.slice();
    let dir = this.#root;
    for (const part of parentOf(path).split('/').filter(Boolean)) {
      const next = dir.entries.get(part) ?? new FakeFolder();
      dir.set(part, next, true);
      dir = next as FakeFolder;
    }
    dir.set(nameOf(path), inode, true);
  }

  /** Takes a file away, durably, from outside of the process under test. */
  remove(path: string): void {
    this.#folder('remove', parentOf(path)).drop(nameOf(path));
  }

  async open(path: string, mode: OpenMode): Promise<DiskFile> {
    await this.#call('open', path);
    const dir = this.#folder('open', parentOf(path));
    const there = dir.entries.get(nameOf(path));
    if (mode !== 'create') {
      if (there === undefined) throw new DiskError('ENOENT', 'open', path);
      if (there instanceof FakeFolder) throw new DiskError('OTHER', 'open', path);
      return new FakeDiskFile(this, path, there);
    }
    if (there !== undefined) throw new DiskError('EEXIST', 'open', path);
    if (this.#freeBytes() <= 0) throw new DiskError('ENOSPC', 'open', path);
    const inode = new FakeInode();
    dir.change([{ dir, name: nameOf(path), entry: inode }]);
    return new FakeDiskFile(this, path, inode);
  }

  async list(dir: string): Promise<readonly string[]> {
    await this.#call('list', dir);
    return [...this.#folder('list', dir).entries.keys()].sort();
  }

  async stat(path: string): Promise<DiskStat | undefined> {
    await this.#call('stat', path);
    const entry = this.#find(path);
    if (entry === undefined) return undefined;
    const isDirectory = entry instanceof FakeFolder;
    return { bytes: isDirectory ? 0 : entry.cache.length, isDirectory };
  }

  async makeDir(path: string): Promise<void> {
    await this.#call('makeDir', path);
    let dir = this.#root;
    for (const name of path.split('/').filter((part) => part !== '' && part !== '.')) {
      const there = dir.entries.get(name);
      if (there instanceof FakeInode) throw new DiskError('EEXIST', 'makeDir', path);
      const next = there ?? new FakeFolder();
      if (there === undefined) {
        if (this.#freeBytes() <= 0) throw new DiskError('ENOSPC', 'makeDir', path);
        dir.change([{ dir, name, entry: next }]);
      }
      dir = next;
    }
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#call('rename', from);
    const [source, target] = [parentOf(from), parentOf(to)].map((dir) =>
      this.#folder('rename', dir),
    ) as [FakeFolder, FakeFolder];
    const entry = source.entries.get(nameOf(from));
    if (entry === undefined) throw new DiskError('ENOENT', 'rename', from);
    const there = target.entries.get(nameOf(to));
    if (there instanceof FakeFolder && (there.entries.size > 0 || entry instanceof FakeInode)) {
      throw new DiskError('EEXIST', 'rename', to);
    }
    source.change([
      { dir: source, name: nameOf(from), entry: undefined },
      { dir: target, name: nameOf(to), entry },
    ]);
  }

  async unlink(path: string): Promise<void> {
    await this.#call('unlink', path);
    this.#inode('unlink', path);
    const dir = this.#folder('unlink', parentOf(path));
    dir.change([{ dir, name: nameOf(path), entry: undefined }]);
  }

  async removeDir(path: string): Promise<void> {
    await this.#call('removeDir', path);
    if (this.#folder('removeDir', path).entries.size > 0) {
      throw new DiskError('OTHER', 'removeDir', path);
    }
    const dir = this.#folder('removeDir', parentOf(path));
    dir.change([{ dir, name: nameOf(path), entry: undefined }]);
  }

  async syncDir(path: string): Promise<void> {
    await this.#call('syncDir', path, (crash) => {
      if (crash && this.#prng.chance(0.5)) this.#folder('syncDir', path).sync();
    });
    this.#folder('syncDir', path).sync();
  }

  async space(): Promise<DiskSpace> {
    await this.#call('space', '');
    return { freeBytes: Math.max(0, this.#freeBytes()), totalBytes: this.budgetBytes };
  }

  /** For FakeDiskFile. */
  async fileWrite(file: FakeDiskFile, position: number, bytes: Uint8Array): Promise<void> {
    await this.#call('write', file.path, () => {
      file.inode.write(position, bytes.subarray(0, this.#prng.below(bytes.length + 1)));
    });
    const growth = Math.max(0, position + bytes.length - file.inode.cache.length);
    const missing = growth - this.#freeBytes();
    if (missing <= 0) return file.inode.write(position, bytes);
    file.inode.write(position, bytes.subarray(0, Math.max(0, bytes.length - missing)));
    throw new DiskError('ENOSPC', 'write', file.path);
  }

  /** For FakeDiskFile. */
  async fileSync(file: FakeDiskFile): Promise<void> {
    await this.#call('sync', file.path, (crash) => {
      if (!crash) file.inode.failSync(this.#prng);
      else if (this.#prng.chance(0.5)) file.inode.sync();
    });
    file.inode.sync();
  }

  /** For FakeDiskFile: a call without an effect of its own. */
  async fileCall(kind: DiskCall, file: FakeDiskFile): Promise<void> {
    await this.#call(kind, file.path);
  }

  /** Which start of the process this is; a file of an earlier one is dead. */
  get boot(): number {
    return this.#boot;
  }

  /**
   * Counts, then lets a planned failure happen. `partly` is what a failed or last call still does.
   */
  async #call(kind: DiskCall, path: string, partly?: (crash: boolean) => void): Promise<void> {
    // A real disk answers in a later turn: code that reads shared state after an await must be
    // shown the change.
    await Promise.resolve();
    if (this.isDown) throw new PowerCut(`${kind} ${path} after the crash`);
    this.callCount++;
    this.trace.push(kind);
    this.paths.push(path);
    const plan = this.#plans.find(({ call }) => call === this.callCount || call === kind);
    if (plan === undefined) return;
    if (plan.call === kind) this.#plans.splice(this.#plans.indexOf(plan), 1);
    partly?.(plan.code === 'crash');
    if (plan.code !== 'crash') throw new DiskError(plan.code, kind, path);
    this.isDown = true;
    throw new PowerCut(`${kind} ${path}`);
  }

  #freeBytes(): number {
    const seen = new Set<FakeInode>();
    this.#root.inodes(seen);
    let used = 0;
    for (const inode of seen) used += inode.cache.length;
    return this.budgetBytes - used;
  }

  #find(path: string): Entry | undefined {
    let entry: Entry | undefined = this.#root;
    for (const part of path.split('/').filter((one) => one !== '' && one !== '.')) {
      if (!(entry instanceof FakeFolder)) return undefined;
      entry = entry.entries.get(part);
    }
    return entry;
  }

  #folder(operation: string, path: string): FakeFolder {
    const entry = this.#find(path);
    if (entry instanceof FakeFolder) return entry;
    throw new DiskError(entry === undefined ? 'ENOENT' : 'OTHER', operation, path);
  }

  #inode(operation: string, path: string): FakeInode {
    const entry = this.#find(path);
    if (entry instanceof FakeInode) return entry;
    throw new DiskError(entry === undefined ? 'ENOENT' : 'OTHER', operation, path);
  }
}

class FakeDiskFile implements DiskFile {
  readonly path: string;
  readonly inode: FakeInode;
  readonly #disk: FakeDisk;
  readonly #boot: number;
  #closed = false;

  constructor(disk: FakeDisk, path: string, inode: FakeInode) {
    this.path = path;
    this.inode = inode;
    this.#disk = disk;
    this.#boot = disk.boot;
  }

  async write(position: number, chunks: readonly Uint8Array[]): Promise<void> {
    this.#check();
    const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
    let at = 0;
    for (const chunk of chunks) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    await this.#disk.fileWrite(this, position, bytes);
  }

  async read(position: number, length: number): Promise<Uint8Array> {
    this.#check();
    await this.#disk.fileCall('read', this);
    const { spoiled } = this.inode;
    if (position <= spoiled && spoiled < position + length) {
      throw new DiskError('EIO', 'read', this.path);
    }
    return this.inode.cache.slice(position, position + length);
  }

  async sync(): Promise<void> {
    this.#check();
    await this.#disk.fileSync(this);
  }

  async truncate(size: number): Promise<void> {
    this.#check();
    await this.#disk.fileCall('truncate', this);
    this.inode.truncate(size);
  }

  async size(): Promise<number> {
    this.#check();
    await this.#disk.fileCall('size', this);
    return this.inode.cache.length;
  }

  async close(): Promise<void> {
    if (this.#boot !== this.#disk.boot) return;
    this.#check();
    this.#closed = true;
    await this.#disk.fileCall('close', this);
  }

  #check(): void {
    if (this.#boot !== this.#disk.boot) throw new PowerCut(`${this.path} of an earlier process`);
    if (this.#closed) throw new DiskError('OTHER', 'use of a closed file', this.path);
  }
}
