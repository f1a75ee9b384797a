import type { MonotonicMs, Uuid } from '../../base/brand.ts';
import { TurnoverMap } from '../../base/turnover-map.ts';
import { isInternalTopicName } from '../../base/topic-name.ts';
import type { ProduceOutcome } from '../kafka/broker-view.ts';
import { IngestIdentity } from './ingest-identity.ts';
import type { ProducePorts, ProduceTarget } from './produce-ports.ts';
import { ProduceQueue } from './produce-queue.ts';
import type { ProducerTriple } from './producer-triple.ts';

/** Whose record it is, and the triple that its first commit has named (P5). */
export interface SessionTriple {
  readonly clientId: string;
  readonly triple: ProducerTriple;
}

/**
 * What goes to one partition: this start's ingest producer, and each MQTT session's own (P5), by
 * client: a session that takes another producer id keeps the order of its readings.
 */
interface PartitionQueues {
  readonly ingest: ProduceQueue;
  readonly sessions: TurnoverMap<string, ProduceQueue>;
}

/** All that this node produces, by partition: the one way in for records of its own (P1). */
export class ProduceQueues {
  readonly #ports: ProducePorts;
  /** By topic id, then by partition: found for each publish, so without a key to build. */
  readonly #byTopic = new Map<Uuid, PartitionQueues[]>();
  readonly #waiting = new Set<ProduceQueue>();
  #pendingBytes = 0;
  /** P4: one ingest producer id for each start of the process, until a queue needs another. */
  producerId: bigint | undefined;

  constructor(ports: ProducePorts) {
    this.#ports = ports;
  }

  /** Bytes of batches that were taken and are not settled yet. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** The queue of ingest batches for a partition; the same one for as long as the node runs. */
  ingest(target: ProduceTarget): ProduceQueue {
    return this.#of(target).ingest;
  }

  /** A record under its session's triple (P5). In order within the session, as they come. */
  produceOfSession(
    target: ProduceTarget,
    { clientId, triple }: SessionTriple,
    batch: Uint8Array,
    done: (outcome: ProduceOutcome) => void,
  ): void {
    const { sessions } = this.#of(target);
    let queue = sessions.get(clientId);
    if (queue === undefined) {
      queue = this.#newQueue(target, undefined);
      sessions.set(clientId, queue);
    }
    const own = queue;
    own.push(batch, triple, [], (outcome) => {
      if (own.isEmpty && sessions.get(clientId) === own) this.#drop(sessions, clientId, own);
      done(outcome);
    });
  }

  /** Another node leads the partition, or the same one anew, or nobody that this node knows of. */
  leaderChanged(topicId: Uuid, partition: number): void {
    const queues = this.#byTopic.get(topicId)?.[partition];
    if (queues === undefined) return;
    queues.ingest.leaderChanged();
    for (const queue of [...queues.sessions.values()]) queue.leaderChanged();
  }

  nextDeadline(): number | undefined {
    let next: number | undefined;
    for (const { retryAt } of this.#waiting) {
      if (retryAt !== undefined && (next === undefined || retryAt < next)) next = retryAt;
    }
    return next;
  }

  tick(now: MonotonicMs): void {
    for (const queue of [...this.#waiting]) {
      queue.tick(now);
      if (queue.retryAt === undefined) this.#waiting.delete(queue);
    }
  }

  /**
   * P3, once the connections that wait since before `before` were given up. What goes to an
   * internal topic is never given up: whoever waits for it has no other way to say it.
   */
  giveUp(before: MonotonicMs): void {
    for (const queue of [...this.#all()]) {
      if (!isInternalTopicName(queue.target.topic)) queue.giveUp(before);
    }
  }

  *#all(): Iterable<ProduceQueue> {
    for (const partitions of this.#byTopic.values()) {
      for (const queues of partitions) {
        // A topic's partitions come in any order: the list has holes.
        if (queues === undefined) continue;
        yield queues.ingest;
        yield* queues.sessions.values();
      }
    }
  }

  #of(target: ProduceTarget): PartitionQueues {
    let partitions = this.#byTopic.get(target.topicId);
    if (partitions === undefined) {
      partitions = [];
      this.#byTopic.set(target.topicId, partitions);
    }
    let queues = partitions[target.partition];
    if (queues === undefined) {
      queues = { ingest: this.#newQueue(target, this.#newIdentity()), sessions: new TurnoverMap() };
      partitions[target.partition] = queues;
    }
    return queues;
  }

  #newIdentity(): IngestIdentity {
    const allocate = (): bigint | undefined => this.#ports.allocateProducerId();
    return new IngestIdentity(() => this.producerId, allocate);
  }

  #newQueue(
    { topic, topicId, partition }: ProduceTarget,
    identity: IngestIdentity | undefined,
  ): ProduceQueue {
    return new ProduceQueue({
      target: { topic, topicId, partition },
      ports: this.#ports,
      identity,
      waits: (queue) => this.#waiting.add(queue),
      counts: (bytes) => {
        this.#pendingBytes += bytes;
      },
    });
  }

  #drop(sessions: PartitionQueues['sessions'], clientId: string, queue: ProduceQueue): void {
    sessions.delete(clientId);
    this.#waiting.delete(queue);
  }
}
