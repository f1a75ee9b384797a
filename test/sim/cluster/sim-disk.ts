import type { Prng } from '../../../src/base/prng.ts';
import type { Disk, DiskFile, DiskSpace, DiskStat, OpenMode } from '../../../src/ports/disk.ts';
import { FakeDisk, type CrashMode } from '../../fakes/fake-disk.ts';
import type { VirtualTime } from './virtual-time.ts';

/** How a machine's disk behaves now. */
export interface DiskMood {
  /** How long one fsync takes. */
  readonly fsyncMs: (random: Prng) => number;
  /** The share of writes and changes of names that take as long as a turn of the platter. */
  readonly slowCalls: number;
}

export const goodMood: DiskMood = { fsyncMs: (r) => 0.3 + r.next() * 4, slowCalls: 0.02 };

const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

/**
 * The disk of a machine, over all of its processes: the unkind fake disk with a time for each call.
 * Of a call that is under way when its process dies nobody hears any more.
 */
export class SimDisk {
  readonly #fake: FakeDisk;
  readonly #time: VirtualTime;
  readonly #random: Prng;
  mood: DiskMood = goodMood;

  constructor(time: VirtualTime, random: Prng) {
    this.#time = time;
    this.#random = random;
    this.#fake = new FakeDisk(random.below(2 ** 31));
  }

  get callCount(): number {
    return this.#fake.callCount;
  }

  /** What a new process sees of it. */
  open(isAlive: () => boolean): Disk {
    return new ProcessDisk(this, isAlive);
  }

  crash(mode: CrashMode): void {
    this.#fake.reboot(mode);
  }

  /** Files as readers see them. */
  files(): ReadonlyMap<string, Uint8Array> {
    return this.#fake.files();
  }

  failNextSync(): void {
    this.#fake.failNext('sync', 'EIO');
  }

  /** Not one more byte than so many; undefined: there is room. */
  limit(spareBytes: number | undefined): void {
    let used = 0;
    for (const bytes of this.files().values()) used += bytes.length;
    this.#fake.budgetBytes = spareBytes === undefined ? 1 << 30 : used + spareBytes;
  }

  /** For ProcessDisk: waits, then works, or works, then waits; a dead process does neither. */
  async call<T>(waitMs: number, isAlive: () => boolean, work: () => Promise<T>): Promise<T> {
    if (!isAlive()) return never();
    const worksFirst = waitMs > 0 && this.#random.chance(0.5);
    if (worksFirst) {
      const done = await work();
      await this.#wait(waitMs);
      return isAlive() ? done : never();
    }
    if (waitMs > 0) await this.#wait(waitMs);
    if (!isAlive()) return never();
    const done = await work();
    return isAlive() ? done : never();
  }

  get fake(): FakeDisk {
    return this.#fake;
  }

  changeMs(): number {
    return this.#random.chance(this.mood.slowCalls) ? this.#random.next() * 8 : 0;
  }

  syncMs(): number {
    return this.mood.fsyncMs(this.#random);
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#time.after(ms, () => {
        this.#time.stir();
        resolve();
      });
    });
  }
}

class ProcessDisk implements Disk {
  readonly #disk: SimDisk;
  readonly #isAlive: () => boolean;

  constructor(disk: SimDisk, isAlive: () => boolean) {
    this.#disk = disk;
    this.#isAlive = isAlive;
  }

  async open(path: string, mode: OpenMode): Promise<DiskFile> {
    const file = await this.#call(0, () => this.#disk.fake.open(path, mode));
    return new ProcessFile(file, this.#disk, this.#isAlive);
  }

  list(dir: string): Promise<readonly string[]> {
    return this.#call(0, () => this.#disk.fake.list(dir));
  }

  stat(path: string): Promise<DiskStat | undefined> {
    return this.#call(0, () => this.#disk.fake.stat(path));
  }

  makeDir(dir: string): Promise<void> {
    return this.#call(this.#disk.changeMs(), () => this.#disk.fake.makeDir(dir));
  }

  rename(from: string, to: string): Promise<void> {
    return this.#call(this.#disk.changeMs(), () => this.#disk.fake.rename(from, to));
  }

  unlink(path: string): Promise<void> {
    return this.#call(this.#disk.changeMs(), () => this.#disk.fake.unlink(path));
  }

  removeDir(dir: string): Promise<void> {
    return this.#call(this.#disk.changeMs(), () => this.#disk.fake.removeDir(dir));
  }

  syncDir(dir: string): Promise<void> {
    return this.#call(this.#disk.syncMs(), () => this.#disk.fake.syncDir(dir));
  }

  space(): Promise<DiskSpace> {
    return this.#call(0, () => this.#disk.fake.space());
  }

  #call<T>(waitMs: number, work: () => Promise<T>): Promise<T> {
    return this.#disk.call(waitMs, this.#isAlive, work);
  }
}

class ProcessFile implements DiskFile {
  readonly #file: DiskFile;
  readonly #disk: SimDisk;
  readonly #isAlive: () => boolean;

  constructor(file: DiskFile, disk: SimDisk, isAlive: () => boolean) {
    this.#file = file;
    this.#disk = disk;
    this.#isAlive = isAlive;
  }

  get path(): string {
    return this.#file.path;
  }

  write(position: number, chunks: readonly Uint8Array[]): Promise<void> {
    return this.#call(this.#disk.changeMs(), () => this.#file.write(position, chunks));
  }

  read(position: number, length: number): Promise<Uint8Array> {
    return this.#call(0, () => this.#file.read(position, length));
  }

  sync(): Promise<void> {
    return this.#call(this.#disk.syncMs(), () => this.#file.sync());
  }

  truncate(size: number): Promise<void> {
    return this.#call(this.#disk.changeMs(), () => this.#file.truncate(size));
  }

  size(): Promise<number> {
    return this.#call(0, () => this.#file.size());
  }

  close(): Promise<void> {
    return this.#call(0, () => this.#file.close());
  }

  #call<T>(waitMs: number, work: () => Promise<T>): Promise<T> {
    return this.#disk.call(waitMs, this.#isAlive, work);
  }
}
