/**
 * The two images that a fake disk keeps of every file and directory: what readers see, and what a
 * power cut leaves.
 */
import type { Prng } from '../../src/base/prng.ts';

export type CrashMode = 'killed' | 'lost' | 'some' | 'torn';

type ByteChange =
  | { readonly type: 'write'; readonly position: number; readonly bytes: Uint8Array }
  | { readonly type: 'truncate'; readonly size: number };

export type Entry = FakeInode | FakeFolder;

/** One name set to an entry, or taken away. */
export interface NameChange {
  readonly dir: FakeFolder;
  readonly name: string;
  readonly entry: Entry | undefined;
}

/** Name changes that happen together or not at all: a rename is two. */
type NameStep = readonly NameChange[];

export class FakeInode {
  cache = new Uint8Array(0);
  durable = new Uint8Array(0);
  /** A byte that cannot be read; -1: all can. */
  spoiled = -1;
  #unsynced: ByteChange[] = [];

  write(position: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const change: ByteChange = { type: 'write', position, bytes: bytes.slice() };
    this.cache = applied(this.cache, change);
    this.#unsynced.push(change);
  }

  truncate(size: number): void {
    const change: ByteChange = { type: 'truncate', size };
    this.cache = applied(this.cache, change);
    this.#unsynced.push(change);
  }

  sync(): void {
    for (const change of this.#unsynced) this.durable = applied(this.durable, change);
    this.#unsynced = [];
  }

  /** Pages are marked clean, whether or not they reached the disk. */
  failSync(prng: Prng): void {
    for (const change of this.#unsynced) {
      if (prng.chance(0.3)) this.durable = applied(this.durable, change);
    }
    this.#unsynced = [];
  }

  flipBit(position: number, bit: number): void {
    for (const image of [this.cache, this.durable]) {
      if (position < image.length) image[position] = (image[position] as number) ^ (1 << bit);
    }
  }

  cut(mode: CrashMode, prng: Prng): void {
    if (mode === 'some') this.#keepSome(prng);
    if (mode === 'torn') this.#keepTorn(prng);
    this.#unsynced = [];
    this.cache = this.durable.slice();
  }

  #keepSome(prng: Prng): void {
    for (const change of this.#unsynced) {
      const luck = prng.next();
      if (luck < 0.45) this.durable = applied(this.durable, change);
      else if (luck < 0.6 && change.type === 'write') {
        // The size reached the disk, the bytes did not.
        const end = change.position + change.bytes.length;
        if (end > this.durable.length) {
          this.durable = applied(this.durable, { type: 'truncate', size: end });
        }
      } else if (luck < 0.7 && change.type === 'write') {
        const from = prng.below(change.bytes.length);
        const part = { position: change.position + from, bytes: change.bytes.subarray(from) };
        this.durable = applied(this.durable, { type: 'write', ...part });
      }
    }
  }

  #keepTorn(prng: Prng): void {
    const whole = prng.below(this.#unsynced.length + 1);
    for (const change of this.#unsynced.slice(0, whole)) {
      this.durable = applied(this.durable, change);
    }
    const next = this.#unsynced[whole];
    if (next?.type !== 'write') return;
    const bytes = next.bytes.subarray(0, prng.below(next.bytes.length));
    if (bytes.length > 0) this.durable = applied(this.durable, { ...next, bytes });
  }
}

export class FakeFolder {
  readonly entries = new Map<string, Entry>();
  durable = new Map<string, Entry>();
  #unsynced: NameStep[] = [];

  /** One step, seen at once; durable after `sync` of any directory in it. */
  change(step: NameStep): void {
    for (const { dir, name, entry } of step) {
      if (entry === undefined) dir.entries.delete(name);
      else dir.entries.set(name, entry);
    }
    for (const dir of new Set(step.map((one) => one.dir))) dir.#unsynced.push(step);
  }

  set(name: string, entry: Entry, durable: boolean): void {
    this.entries.set(name, entry);
    if (durable) this.durable.set(name, entry);
  }

  drop(name: string): void {
    this.entries.delete(name);
    this.durable.delete(name);
  }

  sync(): void {
    for (const step of [...this.#unsynced]) {
      if (this.#unsynced.includes(step)) this.#commit(step);
    }
  }

  /**
   * A power cut of the whole tree under this directory: first what becomes of every unsynced name
   * is decided (once for a rename that two directories share), then every file and directory falls
   * back to its durable image.
   */
  cut(mode: CrashMode, prng: Prng): void {
    const all = new Set<Entry>([this]);
    for (const entry of all) if (entry instanceof FakeFolder) entry.#reach(all);
    for (const entry of all) if (entry instanceof FakeFolder) entry.#decide(mode, prng);
    for (const entry of all) {
      if (entry instanceof FakeFolder) entry.#fallBack();
      else entry.cut(mode, prng);
    }
  }

  /** Adds what this directory names, durably or not. */
  #reach(all: Set<Entry>): void {
    for (const entry of this.durable.values()) all.add(entry);
    for (const entry of this.entries.values()) all.add(entry);
  }

  #fallBack(): void {
    this.entries.clear();
    for (const [name, entry] of this.durable) this.entries.set(name, entry);
  }

  inodes(found: Set<FakeInode>): void {
    for (const entry of this.entries.values()) {
      if (entry instanceof FakeFolder) entry.inodes(found);
      else found.add(entry);
    }
  }

  #decide(mode: CrashMode, prng: Prng): void {
    const steps = [...this.#unsynced];
    const prefix = prng.below(steps.length + 1);
    steps.forEach((step, index) => {
      if (!this.#unsynced.includes(step)) return;
      const kept = mode === 'some' ? prng.chance(0.5) : mode === 'torn' && index < prefix;
      if (kept) this.#commit(step);
      else this.#release(step);
    });
  }

  /** Writes a step to the disk, after the older ones that it builds on: those of the same name. */
  #commit(step: NameStep): void {
    for (const { dir, name } of step) {
      const older = dir.#unsynced.slice(0, Math.max(0, dir.#unsynced.indexOf(step)));
      for (const one of older) {
        if (one.some((change) => change.dir === dir && change.name === name)) dir.#commit(one);
      }
    }
    for (const { dir, name, entry } of step) {
      if (entry === undefined) dir.durable.delete(name);
      else dir.durable.set(name, entry);
    }
    this.#release(step);
  }

  #release(step: NameStep): void {
    for (const { dir } of step) dir.#unsynced = dir.#unsynced.filter((one) => one !== step);
  }
}

function applied(image: Uint8Array<ArrayBuffer>, change: ByteChange): Uint8Array<ArrayBuffer> {
  if (change.type === 'truncate') {
    const cut = new Uint8Array(change.size);
    cut.set(image.subarray(0, change.size));
    return cut;
  }
  const end = change.position + change.bytes.length;
  const next = end > image.length ? new Uint8Array(end) : image;
  if (next !== image) next.set(image);
  next.set(change.bytes, change.position);
  return next;
}

export const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));
export const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
