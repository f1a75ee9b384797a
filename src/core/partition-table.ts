import { assert } from '../base/assert.ts';
import type { LogId, MonotonicMs, Uuid } from '../base/brand.ts';
import type { Partition } from './partition.ts';

/**
 * The partitions of this node, by log, by topic name and by topic id. In a cluster of one
 * (`isAlone`) nobody takes over what this node leads, so what it leads is not asked again for its
 * deadline: that would be done for each partition in each turn.
 */
export class PartitionTable {
  readonly #isAlone: boolean;
  /** Those that may want to be woken. */
  readonly #waiting = new Set<Partition>();
  readonly #byLog = new Map<LogId, Partition>();
  readonly #byTopic = new Map<string, (Partition | undefined)[]>();

  constructor(isAlone: boolean) {
    this.#isAlone = isAlone;
  }

  add(partition: Partition): void {
    assert(!this.#byLog.has(partition.logId), 'a log is opened once');
    this.#byLog.set(partition.logId, partition);
    this.#waiting.add(partition);
    const siblings = this.#byTopic.get(partition.topic) ?? [];
    // Of another topic id: its folder was set aside for this one (V6).
    const before = siblings[partition.partition];
    if (before !== undefined) this.#forget(before);
    siblings[partition.partition] = partition;
    this.#byTopic.set(partition.topic, siblings);
  }

  /** It is no more kept here. */
  remove(partition: Partition): void {
    this.#forget(partition);
    const siblings = this.#byTopic.get(partition.topic);
    if (siblings?.[partition.partition] === partition) siblings[partition.partition] = undefined;
  }

  byLog(logId: LogId): Partition | undefined {
    return this.#byLog.get(logId);
  }

  find(topic: string, partition: number): Partition | undefined {
    return this.#byTopic.get(topic)?.[partition];
  }

  /**
   * The partition of that topic incarnation; another id under the same name is another topic (V6).
   */
  findById(topic: string, topicId: Uuid, partition: number): Partition | undefined {
    const found = this.find(topic, partition);
    return found?.topicId === topicId ? found : undefined;
  }

  /** When a replica wants to be woken. */
  nextDeadline(): number | undefined {
    let next: number | undefined;
    for (const partition of this.#waiting) {
      const deadline = partition.nextDeadline();
      if (deadline === undefined && this.#isAlone && partition.isLeader) {
        this.#waiting.delete(partition);
      } else if (deadline !== undefined && (next === undefined || deadline < next)) {
        next = deadline;
      }
    }
    return next;
  }

  tick(now: MonotonicMs): void {
    for (const partition of this.#waiting) {
      const deadline = partition.nextDeadline();
      if (deadline !== undefined && deadline <= now) partition.tick();
    }
  }

  get size(): number {
    return this.#byLog.size;
  }

  [Symbol.iterator](): Iterator<Partition> {
    return this.#byLog.values();
  }

  #forget(partition: Partition): void {
    this.#byLog.delete(partition.logId);
    this.#waiting.delete(partition);
  }
}
