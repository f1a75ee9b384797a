import { assert } from '../../base/assert.ts';
import { utf8Decode, utf8Encode } from '../../base/bytes.ts';
import { offset, type Offset } from '../../base/brand.ts';
import type { ViewChange, ViewEntry } from '../../ports/state-view.ts';
import { iterateRecords } from '../../wire/kafka/record-iterator.ts';
import { scanBatches } from '../../wire/kafka/batch-scan.ts';
import type { Effect } from '../effect.ts';
import type { Done, ReadOutcome } from '../kafka/broker-view.ts';
import type { Partition } from '../partition.ts';
import type { AppendOutcome } from '../produce/batcher.ts';

export interface InternalTopicOptions {
  readonly partition: Partition;
  /** One committed change, in offset order (C7); an undefined value is a tombstone. */
  readonly apply: (key: string, value: Uint8Array | undefined) => void;
  readonly append: (
    partition: Partition,
    change: ViewChange,
    done: (outcome: AppendOutcome) => void,
  ) => void;
  readonly read: (from: Offset, to: Offset, done: Done<ReadOutcome>) => void;
  readonly emit: (effect: Effect) => void;
  /**
   * The replay met a hole: records of any key may be missing, tombstones too. Called before what
   * lies behind it is applied.
   */
  readonly holeFound: (from: Offset, to: Offset) => void;
  /** Whether what a key said in front of a hole is still worth something; else it is forgotten. */
  readonly survivesHole: (key: string) => boolean;
}

/** Rewritten when the log holds this many records, and this many times what is live. */
const rewriteRecordsMin = 4_000;
const rewriteFactor = 4;

/**
 * A compacted topic of ours as a map that is rebuilt from its log. Compaction, with one voter, is a
 * rewrite: the newest value of each key is appended again behind a roll, and once that is committed
 * the log start moves up to it.
 */
export class InternalTopic {
  readonly #options: InternalTopicOptions;
  /**
   * Newest value of each key in the order of the log, committed or not: what a rewrite must carry
   * over.
   */
  readonly #latest = new Map<string, Uint8Array>();
  #recordsInLog = 0;
  #isRewriting = false;
  #isReplayed = false;
  #hasHole = false;

  constructor(options: InternalTopicOptions) {
    this.#options = options;
  }

  get partition(): Partition {
    return this.#options.partition;
  }

  /**
   * Replays the committed log, behind the view if there is one that fits; then calls `replayed`. A
   * hole that the view does not cover is told, and is gone with the next rewrite; `failed`: the log
   * cannot be read now.
   */
  replay(
    view: { readonly nextOffset: Offset; readonly entries: readonly ViewEntry[] } | undefined,
    outcome: { readonly replayed: () => void; readonly failed: (reason: string) => void },
  ): void {
    const { logStartOffset, highWatermark } = this.partition;
    let from = logStartOffset;
    // The log is fsynced before the view hears of it: what only the view has seen was lost.
    const isAhead = view !== undefined && view.nextOffset > highWatermark;
    if (view !== undefined && view.nextOffset >= from && view.nextOffset <= highWatermark) {
      for (const { key, value } of view.entries) this.#see(utf8Decode(key), value);
      from = view.nextOffset;
    }
    this.#replayFrom(from, highWatermark, {
      ...outcome,
      replayed: () => {
        if (isAhead) this.#passHole(highWatermark, view.nextOffset);
        this.#isReplayed = true;
        this.#replaceView(highWatermark);
        outcome.replayed();
      },
    });
  }

  /** Appends the changes in order; `done` when the last one is committed and applied. */
  commit(changes: readonly ViewChange[], done: () => void): void {
    assert(this.#isReplayed, 'no change before the replay');
    changes.forEach((change, i) => {
      this.#append(change, i === changes.length - 1 ? done : undefined);
    });
    this.#rewriteIfGrown();
  }

  #append(change: ViewChange, done: (() => void) | undefined): void {
    const key = utf8Decode(change.key);
    this.#remember(key, change.value);
    this.#options.append(this.partition, change, (outcome) => {
      assert(outcome.ok, 'a lone leader commits its own records');
      const nextOffset = offset(outcome.offset + 1);
      const topic = this.partition.topic;
      this.#options.apply(key, change.value);
      this.#options.emit({ type: 'UpdateView', topic, changes: [change], nextOffset });
      done?.();
    });
  }

  #replayFrom(
    from: Offset,
    to: Offset,
    outcome: { readonly replayed: () => void; readonly failed: (reason: string) => void },
  ): void {
    if (from >= to) return outcome.replayed();
    this.#options.read(from, to, (read) => {
      if (!read.ok) return outcome.failed(`${this.partition.topic} at ${from}: ${read.error}`);
      const next = this.#applyBatches(read.bytes, from);
      if (next <= from) return outcome.failed(`${this.partition.topic} at ${from}: nothing there`);
      this.#replayFrom(next, to, outcome);
    });
  }

  /** A view that was missing, or behind, must not go on with only what comes after. */
  #replaceView(nextOffset: Offset): void {
    const { topic } = this.partition;
    const entries = [...this.#latest].map(([key, value]) => ({ key: utf8Encode(key), value }));
    this.#options.emit({ type: 'ReplaceView', topic, entries, nextOffset });
  }

  /** @returns the offset after the last batch. */
  #applyBatches(bytes: Uint8Array, from: Offset): Offset {
    let next = from;
    for (const header of scanBatches(bytes).headers) {
      if (header.baseOffset > next) this.#passHole(next, header.baseOffset);
      next = offset(header.lastOffset + 1);
      if (header.isControl) continue;
      const records = iterateRecords(bytes, header);
      assert(records.ok, 'internal batches are not compressed');
      const iterator = records.value;
      while (iterator.next()) {
        const key = iterator.key();
        if (iterator.offset >= from && key !== undefined)
          this.#see(utf8Decode(key), iterator.value());
      }
      assert(iterator.fault === undefined, 'a batch that passed its CRC has whole records');
    }
    return next;
  }

  #passHole(from: Offset, to: Offset): void {
    this.#hasHole = true;
    for (const key of [...this.#latest.keys()]) {
      if (!this.#options.survivesHole(key)) this.#see(key, undefined);
    }
    this.#options.holeFound(from, to);
  }

  #see(key: string, value: Uint8Array | undefined): void {
    this.#remember(key, value?.slice());
    this.#options.apply(key, value);
  }

  #remember(key: string, value: Uint8Array | undefined): void {
    this.#recordsInLog++;
    if (value === undefined) this.#latest.delete(key);
    else this.#latest.set(key, value);
  }

  #rewriteIfGrown(): void {
    const isGrown =
      this.#hasHole ||
      this.#recordsInLog > Math.max(rewriteRecordsMin, rewriteFactor * this.#latest.size);
    // With nothing live there is nothing to carry over; the next live key brings the rewrite.
    if (!isGrown || this.#isRewriting || this.#latest.size === 0) return;
    this.#isRewriting = true;
    this.#hasHole = false;
    this.partition.roll();
    const start = this.partition.logEndOffset;
    const entries = [...this.#latest];
    this.#recordsInLog = 0;
    entries.forEach(([key, value], i) => {
      const done = i === entries.length - 1 ? () => this.#rewritten(start) : undefined;
      this.#append({ key: utf8Encode(key), value }, done);
    });
  }

  #rewritten(start: Offset): void {
    this.#isRewriting = false;
    this.#options.emit({ type: 'AdvanceLogStart', logId: this.partition.logId, offset: start });
  }
}
