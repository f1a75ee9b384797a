import { offset, type Offset } from '../../base/brand.ts';
import type { Effect } from '../effect.ts';
import type { Partition } from '../partition.ts';
import { rewriteBatches } from './compacted-batches.ts';

/** Rewritten when the log holds this many records, and this many times what is live. */
const rewriteRecordsMin = 20_000;
const rewriteFactor = 4;

/** The topic that is compacted. */
export interface CompactedTopic {
  readonly partition: Partition;
  /** Closes the open batch now: what was appended lies in front of what comes next. */
  readonly flush: () => void;
  readonly emit: (effect: Effect) => void;
  /** Of committed keys. */
  readonly liveCount: () => number;
  /** The newest *appended* value of each key. */
  readonly newest: () => ReadonlyMap<string, Uint8Array>;
  /** All that is on its way is at hand. */
  readonly isEndKnown: () => boolean;
}

/**
 * Compaction is a rewrite by the leader: the newest value of each key is appended again behind a
 * roll, and once that is committed the log start moves up to it.
 */
export class TopicCompaction {
  readonly #topic: CompactedTopic;
  /** Where the last rewrite begins; the log start may still be on its way there. */
  #rewrittenFrom: Offset = offset(0);
  #isRewriting = false;
  #hasHole = false;

  constructor(topic: CompactedTopic) {
    this.#topic = topic;
  }

  /** It is gone with the next rewrite. */
  holeFound(): void {
    this.#hasHole = true;
  }

  rewriteIfGrown(): void {
    const { liveCount, partition, isEndKnown } = this.#topic;
    const live = liveCount();
    // By offsets: what a view has spared this start to read counts, and what a leader before this
    // one has rewritten does not.
    const start = Math.max(partition.logStartOffset, this.#rewrittenFrom);
    const records = partition.highWatermark - start;
    const isGrown = this.#hasHole || records > Math.max(rewriteRecordsMin, rewriteFactor * live);
    if (!isGrown || this.#isRewriting || !partition.isEpochCommitted) return;
    // With nothing live there is nothing to carry over; the next live key brings the rewrite.
    if (isEndKnown() && live > 0) this.#rewrite();
  }

  /**
   * What it carries over is the newest *appended* value of each key: a change that is on its way
   * lies in front of it and must not be undone. It is written by this leader or not at all:
   * repeated by a later one it would undo what came between.
   */
  #rewrite(): void {
    const { partition, flush, newest } = this.#topic;
    const [rewrittenFrom, hadHole] = [this.#rewrittenFrom, this.#hasHole];
    const failed = (): void => {
      this.#isRewriting = false;
      this.#rewrittenFrom = rewrittenFrom;
      this.#hasHole ||= hadHole;
    };
    this.#isRewriting = true;
    this.#hasHole = false;
    flush();
    partition.roll();
    const start = partition.logEndOffset;
    const batches = rewriteBatches(newest());
    this.#rewrittenFrom = start;
    batches.forEach((batch, i) => {
      partition.produce(batch, (outcome) => {
        if (!outcome.ok) failed();
        else if (i === batches.length - 1) this.#rewritten(start);
      });
    });
  }

  #rewritten(start: Offset): void {
    this.#isRewriting = false;
    const { emit, partition } = this.#topic;
    emit({ type: 'AdvanceLogStart', logId: partition.logId, offset: start });
  }
}
