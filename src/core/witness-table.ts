import { logId, type LogId, type Uuid } from '../base/brand.ts';
import type { WitnessReplica } from './witness-replica.ts';

/** The partitions that this node is a witness of, by topic id (V3). */
export class WitnessTable {
  readonly #replicas = new Map<string, WitnessReplica>();
  #opened = 0;

  /** They have no log, so their numbers are below those of all logs. */
  newLogId(): LogId {
    return logId(-++this.#opened);
  }

  add(replica: WitnessReplica): void {
    this.#replicas.set(keyOf(replica.topicId, replica.partition), replica);
  }

  find(topicId: Uuid, partition: number): WitnessReplica | undefined {
    return this.#replicas.get(keyOf(topicId, partition));
  }

  [Symbol.iterator](): Iterator<WitnessReplica> {
    return this.#replicas.values();
  }
}

const keyOf = (topicId: Uuid, partition: number): string => `${topicId}/${partition}`;
