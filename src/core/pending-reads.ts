import type { TimestampMs } from '../base/brand.ts';
import { assert } from '../base/assert.ts';
import type { Effect } from './effect.ts';
import type { LogReadOutcome, OffsetFoundOutcome } from './event.ts';
import type { Done, FindOffsetOutcome, ReadOutcome } from './kafka/broker-view.ts';
import type { Partition } from './partition.ts';
import type { LogGeneration, Offset } from '../base/brand.ts';
import { readRecordBatchHeader } from '../wire/kafka/record-batch-header.ts';

export interface ReadRange {
  readonly from: Offset;
  readonly to: Offset;
  readonly bytesMax: number;
  /** For what a full disk has not taken yet it waits; others are told what there is. */
  readonly waitsForRoom?: boolean;
}

/** What of a partition a read must know. */
export type ReadLog = Pick<Partition, 'logId' | 'generation' | 'highWatermark' | 'holes'>;

interface PendingRead {
  readonly partition: ReadLog;
  readonly from: Offset;
  readonly done: Done<ReadOutcome>;
}

/**
 * Reads are effects; this remembers who asked. An answer of an older log generation is an error
 * (L4).
 */
export class PendingReads {
  readonly #emit: (effect: Effect) => void;
  readonly #reads = new Map<number, PendingRead>();
  readonly #finds = new Map<number, { partition: ReadLog; done: Done<FindOffsetOutcome> }>();
  #nextReadId = 1;

  constructor(emit: (effect: Effect) => void) {
    this.#emit = emit;
  }

  read(partition: ReadLog, range: ReadRange, done: Done<ReadOutcome>): void {
    const readId = this.#nextReadId++;
    this.#reads.set(readId, { partition, from: range.from, done });
    const { logId, generation } = partition;
    this.#emit({ type: 'ReadLog', readId, logId, generation, ...range });
  }

  /**
   * For who copies the log: a hole is an error, also one that nobody can fill. It dates from when
   * this node was alone, and a copy of what lies behind it would have it for good (V4).
   */
  readUnbroken(partition: ReadLog, range: ReadRange, done: Done<ReadOutcome>): void {
    this.read(partition, range, (outcome) => {
      const hasJumped = outcome.ok && beginsBehind(outcome.bytes, range.from);
      return done(hasJumped ? { ok: false, error: 'KAFKA_STORAGE_ERROR' } : outcome);
    });
  }

  findOffset(partition: ReadLog, timestamp: TimestampMs, done: Done<FindOffsetOutcome>): void {
    const readId = this.#nextReadId++;
    this.#finds.set(readId, { partition, done });
    const { logId, generation, highWatermark: to } = partition;
    this.#emit({ type: 'FindOffset', readId, logId, generation, timestamp, to });
  }

  wasRead(readId: number, generation: LogGeneration, outcome: LogReadOutcome): void {
    const pending = this.#reads.get(readId);
    assert(pending !== undefined, 'a read is answered once');
    this.#reads.delete(readId);
    const isOld = pending.partition.generation !== generation;
    if (isOld) return pending.done({ ok: false, error: 'NOT_LEADER_OR_FOLLOWER' });
    const hasJumped = outcome.ok && jumpsHole(pending, outcome.bytes);
    return pending.done(hasJumped ? { ok: false, error: 'KAFKA_STORAGE_ERROR' } : outcome);
  }

  wasFound(readId: number, generation: LogGeneration, outcome: OffsetFoundOutcome): void {
    const pending = this.#finds.get(readId);
    assert(pending !== undefined, 'a look-up is answered once');
    this.#finds.delete(readId);
    const isOld = pending.partition.generation !== generation;
    pending.done(isOld ? { ok: false, error: 'NOT_LEADER_OR_FOLLOWER' } : outcome);
  }
}

/**
 * What rot took here and others still have is not gone: nobody may read on behind it, neither a
 * consumer nor a replica, until it is fetched again (V4).
 */
function jumpsHole({ partition, from }: PendingRead, bytes: Uint8Array): boolean {
  return partition.holes.length > 0 && beginsBehind(bytes, from);
}

function beginsBehind(bytes: Uint8Array, from: Offset): boolean {
  const header = bytes.length === 0 ? undefined : readRecordBatchHeader(bytes);
  return header?.ok === true && header.value.baseOffset > from;
}
