import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { runTool } from './run-tool.ts';
import type { BlockState } from './block-state.ts';
import type { WriteLogEntry, WriteLogFile } from './write-log.ts';

/** Where the data of the entries are. */
export type WriteLogData = Pick<WriteLogFile, 'read'>;

/**
 * A device's content, played forward from its beginning along a write log. The file is sparse where
 * nothing was ever written.
 */
export class BlockImage {
  readonly path: string;
  readonly #log: WriteLogData;
  readonly #entries: readonly WriteLogEntry[];
  readonly #fd: number;
  #applied = 0;

  /** @param path the content before the first entry; it is changed. */
  constructor(path: string, log: WriteLogData, entries: readonly WriteLogEntry[]) {
    this.path = path;
    this.#log = log;
    this.#entries = entries;
    this.#fd = openSync(path, 'r+');
  }

  /** Applies the entries before `end`; there is no way back. */
  advance(end: number): void {
    if (end < this.#applied) throw new Error('a write log is only played forward');
    for (; this.#applied < end; this.#applied += 1) {
      const entry = this.#entries[this.#applied] as WriteLogEntry;
      this.#apply(this.#fd, this.#applied, 0, entry.bytes);
    }
  }

  /** Makes a file of its own of what a power cut left. `durable` may not lie behind. */
  async makeState(state: BlockState, path: string): Promise<void> {
    this.advance(state.durable);
    await runTool('cp', ['--sparse=always', this.path, path]);
    const fd = openSync(path, 'r+');
    try {
      for (const { entry, from, to } of state.kept) this.#apply(fd, entry, from, to);
    } finally {
      closeSync(fd);
    }
  }

  /** The first byte at which another file of the same size differs, or undefined. */
  firstDifference(path: string): number | undefined {
    const fd = openSync(path, 'r');
    try {
      const [ours, theirs] = [Buffer.alloc(1 << 20), Buffer.alloc(1 << 20)];
      for (let at = 0; ; at += ours.length) {
        const read = readSync(this.#fd, ours, 0, ours.length, at);
        const other = readSync(fd, theirs, 0, theirs.length, at);
        if (!ours.subarray(0, read).equals(theirs.subarray(0, other))) return at;
        if (read === 0) return undefined;
      }
    } finally {
      closeSync(fd);
    }
  }

  close(): void {
    closeSync(this.#fd);
  }

  #apply(fd: number, index: number, from: number, to: number): void {
    const { kind, at, dataAt } = this.#entries[index] as WriteLogEntry;
    if (kind === 'flush' || from === to) return;
    const data =
      kind === 'write' ? this.#log.read(dataAt + from, to - from) : Buffer.alloc(to - from);
    if (data.length !== to - from) throw new Error(`the data of entry ${index} are cut off`);
    writeSync(fd, data, 0, data.length, at + from);
  }
}
