import { Column } from './column.ts';
import type { Identity } from './identity.ts';

/** One record, or one control batch, in a node's log. */
export interface LogEntry {
  readonly offset: number;
  /** Undefined: a control batch, or nothing that a writer of ours sent. */
  readonly identity: Identity | undefined;
  readonly isControl: boolean;
  /** 32 bits over all of its bytes, with those that no CRC of Kafka covers. */
  readonly digest: number;
}

/** One partition's log as one node holds it: entries by rising offset, in columns. */
export class LogCopy {
  readonly node: number;
  readonly partition: number;
  readonly #offsets = Column.ofDoubles();
  readonly #digests = Column.ofIntegers();
  readonly #writers = Column.ofIntegers(-1);
  readonly #sequences = Column.ofIntegers();
  readonly #attempts = Column.ofIntegers();

  constructor(node: number, partition: number) {
    this.node = node;
    this.partition = partition;
  }

  /** Entries come by rising offset; false: this one does not. */
  append(entry: LogEntry): boolean {
    const { offset, identity, isControl, digest } = entry;
    const isRising = this.length === 0 || offset > this.offsetAt(this.length - 1);
    this.#offsets.push(offset);
    this.#digests.push(digest | 0);
    this.#writers.push(identity === undefined ? (isControl ? -1 : -2) : identity.writer);
    this.#sequences.push(identity?.sequence ?? 0);
    this.#attempts.push(identity?.attempt ?? 0);
    return isRising;
  }

  get length(): number {
    return this.#offsets.length;
  }

  offsetAt(index: number): number {
    return this.#offsets.at(index);
  }

  digestAt(index: number): number {
    return this.#digests.at(index);
  }

  isControlAt(index: number): boolean {
    return this.#writers.at(index) === -1;
  }

  /** Undefined for control batches and foreign records. */
  identityAt(index: number): Identity | undefined {
    const writer = this.#writers.at(index);
    if (writer < 0) return undefined;
    return { writer, sequence: this.#sequences.at(index), attempt: this.#attempts.at(index) };
  }

  /** For people. */
  describe(index: number): string {
    if (index >= this.length) return 'nothing';
    const identity = this.identityAt(index);
    const { writer = 0, sequence = 0, attempt = 0 } = identity ?? {};
    const what = this.isControlAt(index)
      ? 'a control batch'
      : identity === undefined
        ? 'a foreign record'
        : `w${writer}.${sequence}.${attempt}`;
    return `${what} at ${this.partition}:${this.offsetAt(index)}`;
  }

  /** The place of an offset, or -1. */
  indexOf(offset: number): number {
    const index = this.indexFrom(offset);
    return this.offsetAt(index) === offset && index < this.length ? index : -1;
  }

  /** The first place whose offset is at or above `offset`; `length` if none is. */
  indexFrom(offset: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.offsetAt(middle) < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
