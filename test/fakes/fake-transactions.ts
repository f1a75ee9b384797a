import type { FakeKafkaLog } from './fake-kafka-log.ts';

export interface FakeTransaction {
  producerId: bigint;
  epoch: number;
  state: 'empty' | 'ongoing' | 'ending' | 'ended';
  committing: boolean;
  startedAt: number;
  timeoutMs: number;
  readonly partitions: Map<string, FakeKafkaLog>;
}

/**
 * Kafka's transaction coordinator in its first protocol: InitProducerId fences and aborts, EndTxn
 * answers before the markers are written, and until they are everybody else gets 51.
 */
export class FakeTransactions {
  readonly #known = new Map<string, FakeTransaction>();
  readonly #markerDelayMs: () => number;
  readonly #after: (ms: number, run: () => void) => void;
  #nextProducerId = 1_000n;

  constructor(markerDelayMs: () => number, after: (ms: number, run: () => void) => void) {
    this.#markerDelayMs = markerDelayMs;
    this.#after = after;
  }

  freshProducerId(): bigint {
    return this.#nextProducerId++;
  }

  init(id: string, timeoutMs: number): { code: number; producerId: bigint; epoch: number } {
    let known = this.#known.get(id);
    if (known === undefined) {
      const partitions = new Map<string, FakeKafkaLog>();
      const producerId = this.freshProducerId();
      known = {
        producerId,
        epoch: -1,
        state: 'empty',
        committing: false,
        startedAt: 0,
        timeoutMs,
        partitions,
      };
      this.#known.set(id, known);
    }
    known.timeoutMs = timeoutMs;
    if (known.state === 'ongoing') {
      known.epoch++;
      this.#finish(known, false);
    }
    if (known.state === 'ending') return { code: 51, producerId: -1n, epoch: -1 };
    known.epoch++;
    known.state = 'empty';
    return { code: 0, producerId: known.producerId, epoch: known.epoch };
  }

  add(
    id: string,
    producer: { readonly id: bigint; readonly epoch: number },
    partition: { readonly name: string; readonly log: FakeKafkaLog; readonly now: number },
  ): number {
    const known = this.#known.get(id);
    if (known === undefined || known.producerId !== producer.id) return 49;
    if (known.epoch !== producer.epoch) return 90;
    if (known.state === 'ending') return 51;
    if (known.state !== 'ongoing') {
      known.state = 'ongoing';
      known.startedAt = partition.now;
    }
    known.partitions.set(partition.name, partition.log);
    return 0;
  }

  end(
    id: string,
    producer: { readonly id: bigint; readonly epoch: number },
    commit: boolean,
  ): number {
    const known = this.#known.get(id);
    if (known === undefined || known.producerId !== producer.id) return 49;
    if (known.epoch !== producer.epoch) return 90;
    if (known.state === 'ending') return 51;
    if (known.state === 'ended') return known.committing === commit ? 0 : 48;
    if (known.state !== 'ongoing') return 48;
    this.#finish(known, commit);
    return 0;
  }

  /** Whether a transactional batch may be appended: KIP-890's verification. */
  covers(
    id: string,
    producer: { readonly id: bigint; readonly epoch: number },
    name: string,
  ): boolean {
    const known = this.#known.get(id);
    return (
      known?.state === 'ongoing' &&
      known.producerId === producer.id &&
      known.epoch === producer.epoch &&
      known.partitions.has(name)
    );
  }

  /** Aborts what was left open for too long, and fences its producer. */
  expire(now: number): void {
    for (const known of this.#known.values()) {
      if (known.state !== 'ongoing' || now < known.startedAt + known.timeoutMs) continue;
      known.epoch++;
      this.#finish(known, false);
    }
  }

  get openCount(): number {
    return [...this.#known.values()].filter((one) => one.state === 'ongoing').length;
  }

  #finish(known: FakeTransaction, commit: boolean): void {
    known.state = 'ending';
    known.committing = commit;
    this.#after(this.#markerDelayMs(), () => {
      for (const log of known.partitions.values()) log.mark(known.producerId, known.epoch, commit);
      known.partitions.clear();
      known.state = 'ended';
    });
  }
}
