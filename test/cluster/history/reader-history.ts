import { Column } from './column.ts';
import type { Findings } from './findings.ts';
import type { Identity } from './identity.ts';
import type { LogCopy } from './log-copy.ts';

/** What one reader was given, of all partitions, in the order in which it came. */
export class ReaderHistory {
  readonly name: string;
  /** It read everything from the beginning to the end that the log has now. */
  readonly isComplete: boolean;
  readonly #findings: Findings;
  readonly #partitions = Column.ofIntegers();
  readonly #offsets = Column.ofDoubles();
  readonly #writers = Column.ofIntegers(-1);
  readonly #sequences = Column.ofIntegers();
  readonly #attempts = Column.ofIntegers();
  readonly #last = new Map<number, number>();
  readonly #highest = new Map<string, number>();

  constructor(name: string, isComplete: boolean, findings: Findings) {
    this.name = name;
    this.isComplete = isComplete;
    this.#findings = findings;
  }

  get count(): number {
    return this.#offsets.length;
  }

  /** A record; `identity` undefined: not of a writer of ours. */
  read(partition: number, offset: number, identity: Identity | undefined): void {
    const last = this.#last.get(partition) ?? -1;
    if (offset <= last) {
      this.#findings.add(
        'movedBack',
        () => `${this.name} got ${partition}:${offset} after ${partition}:${last}`,
      );
    } else this.#last.set(partition, offset);
    this.#partitions.push(partition);
    this.#offsets.push(offset);
    this.#writers.push(identity?.writer ?? -1);
    this.#sequences.push(identity?.sequence ?? 0);
    this.#attempts.push(identity?.attempt ?? 0);
  }

  /**
   * A process of a node said how far the log is readable. `process` names one life of one node:
   * between two of them it may be told later (C6).
   */
  toldHighWatermark(process: string, partition: number, offset: number): void {
    const key = `${process} ${partition}`;
    const highest = this.#highest.get(key) ?? -1;
    if (offset >= highest) this.#highest.set(key, offset);
    else {
      this.#findings.add(
        'movedBack',
        () => `${this.name}: ${process} said ${partition}:${offset} after ${partition}:${highest}`,
      );
    }
  }

  /** An offset that it had been given was out of range at a node. */
  thrownBack(process: string, partition: number, offset: number): void {
    this.#findings.add(
      'movedBack',
      () => `${this.name}: ${process} has no ${partition}:${offset} any more`,
    );
  }

  /** Holds what it was given against the log. */
  checkAgainst(logs: ReadonlyMap<number, LogCopy>): void {
    const seen = new Map<number, number>();
    for (let at = 0; at < this.count; at++) {
      const partition = this.#partitions.at(at);
      const log = logs.get(partition);
      if (log === undefined || !this.#isIn(log, at)) {
        this.#findings.add('wrongRead', () => this.#describeWrong(log, at));
      } else seen.set(partition, (seen.get(partition) ?? 0) + 1);
    }
    if (!this.isComplete) return;
    for (const [partition, log] of logs) {
      const missed = recordsOf(log) - (seen.get(partition) ?? 0);
      if (missed > 0) {
        this.#findings.add('unread', () => `${this.name} missed ${missed} of ${partition}`);
      }
    }
  }

  #isIn(log: LogCopy, at: number): boolean {
    const index = log.indexOf(this.#offsets.at(at));
    if (index === -1 || log.isControlAt(index)) return false;
    const identity = log.identityAt(index);
    return (
      (identity?.writer ?? -1) === this.#writers.at(at) &&
      (identity?.sequence ?? 0) === this.#sequences.at(at) &&
      (identity?.attempt ?? 0) === this.#attempts.at(at)
    );
  }

  #describeWrong(log: LogCopy | undefined, at: number): string {
    const [writer, sequence] = [this.#writers.at(at), this.#sequences.at(at)];
    const got = writer < 0 ? 'a foreign record' : `w${writer}.${sequence}.${this.#attempts.at(at)}`;
    const offset = this.#offsets.at(at);
    const index = log?.indexOf(offset) ?? -1;
    const held = log === undefined || index === -1 ? 'nothing' : log.describe(index);
    return `${this.name} got ${got} at ${this.#partitions.at(at)}:${offset}, the log has ${held}`;
  }
}

const recordsOf = (log: LogCopy): number => {
  let records = 0;
  for (let index = 0; index < log.length; index++) if (!log.isControlAt(index)) records += 1;
  return records;
};
