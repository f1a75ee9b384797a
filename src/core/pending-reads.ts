import type { TimestampMs } from '../base/brand.ts';
import { assert } from '../base/assert.ts';
import type { Effect } from './effect.ts';
import type { LogReadOutcome, OffsetFoundOutcome } from './event.ts';
import type { Done, FindOffsetOutcome, ReadOutcome } from './kafka/broker-view.ts';
import type { Partition } from './partition.ts';
import type { LogGeneration, Offset } from '../base/brand.ts';

export interface ReadRange {
  readonly from: Offset;
  readonly to: Offset;
  readonly bytesMax: number;
}

/**
 * Reads are effects; this remembers who asked. An answer of an older log generation is an error
 * (L4).
 */
export class PendingReads {
  readonly #emit: (effect: Effect) => void;
  readonly #reads = new Map<number, { partition: Partition; done: Done<ReadOutcome> }>();
  readonly #finds = new Map<number, { partition: Partition; done: Done<FindOffsetOutcome> }>();
  #nextReadId = 1;

  constructor(emit: (effect: Effect) => void) {
    this.#emit = emit;
  }

  read(partition: Partition, range: ReadRange, done: Done<ReadOutcome>): void {
    const readId = this.#nextReadId++;
    this.#reads.set(readId, { partition, done });
    const { logId, generation } = partition;
    this.#emit({ type: 'ReadLog', readId, logId, generation, ...range });
  }

  findOffset(partition: Partition, timestamp: TimestampMs, done: Done<FindOffsetOutcome>): void {
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
    pending.done(isOld ? { ok: false, error: 'NOT_LEADER_OR_FOLLOWER' } : outcome);
  }

  wasFound(readId: number, generation: LogGeneration, outcome: OffsetFoundOutcome): void {
    const pending = this.#finds.get(readId);
    assert(pending !== undefined, 'a look-up is answered once');
    this.#finds.delete(readId);
    const isOld = pending.partition.generation !== generation;
    pending.done(isOld ? { ok: false, error: 'NOT_LEADER_OR_FOLLOWER' } : outcome);
  }
}
