import { setTimeout as delay } from 'node:timers/promises';
import { compressionNode } from '../../../edge/compression-node.ts';
import { fetchCodec } from '../../../src/wire/kafka/generated/01-fetch.ts';
import { scanBatches } from '../../../src/wire/kafka/batch-scan.ts';
import { iterateRecords } from '../../../src/wire/kafka/record-iterator.ts';
import { KafkaRawClient } from '../../integration/harness/kafka-raw-client.ts';
import type { Identity } from '../history/identity.ts';
import { identityOf } from '../history/identity.ts';
import type { ReaderHistory } from '../history/reader-history.ts';
import type { ClusterNode } from '../test-cluster.ts';

export interface TailOptions {
  readonly node: ClusterNode;
  readonly history: ReaderHistory;
  readonly topic: string;
  readonly partitions: number;
}

const maxWaitMs = 200;
const idleMs = 50;
const batchBytesMax = 1_048_588;
const errors = { none: 0, offsetOutOfRange: 1 } as const;

/**
 * Reads what one node leads, from where this reader stands, for as long as the load goes on. It
 * asks the same node for ever, whoever leads, so a leader that was deposed is asked too.
 */
export class TailReader {
  readonly #options: TailOptions;
  /** The next offset by partition. */
  readonly #next: number[];
  readonly #run: Promise<void>;
  #client: KafkaRawClient | undefined;
  #isStopping = false;

  constructor(options: TailOptions) {
    this.#options = options;
    this.#next = Array.from({ length: options.partitions }, () => 0);
    this.#run = this.#live();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#client?.destroy();
    await this.#run;
  }

  async #live(): Promise<void> {
    const { node } = this.#options;
    while (!this.#isStopping) {
      try {
        const { host, ports } = node.place;
        this.#client = await KafkaRawClient.connect(ports.kafka, host);
        // One life of the node's process: what it says of its high watermark must not fall.
        const life = `node ${node.id}, process ${node.process.pid}`;
        while (!this.#isStopping) await this.#fetch(this.#client, life);
      } catch {
        await delay(idleMs);
      }
      this.#client?.destroy();
    }
  }

  async #fetch(client: KafkaRawClient, life: string): Promise<void> {
    const { topic } = this.#options;
    const partitions = this.#next.map((fetchOffset, partition) => ({
      ...{ partition, currentLeaderEpoch: -1, fetchOffset, lastFetchedEpoch: -1 },
      ...{ logStartOffset: -1, partitionMaxBytes: batchBytesMax },
    }));
    const { responses } = await client.ask(fetchCodec, 12, {
      ...{ clusterId: null, replicaId: -1, maxWaitMs, minBytes: 1, maxBytes: 4 * batchBytesMax },
      ...{ isolationLevel: 1, sessionId: 0, sessionEpoch: -1, rackId: '' },
      ...{ topics: [{ topic, partitions }], forgottenTopicsData: [] },
    });
    let isLed = false;
    for (const answer of responses[0]?.partitions ?? []) {
      const { partitionIndex, errorCode, highWatermark, records } = answer;
      if (errorCode === errors.offsetOutOfRange) this.#thrownBack(life, partitionIndex);
      if (errorCode !== errors.none) continue;
      isLed = true;
      this.#options.history.toldHighWatermark(life, partitionIndex, highWatermark);
      if (records !== null) this.#take(partitionIndex, records);
    }
    if (!isLed) await delay(idleMs);
  }

  #thrownBack(life: string, partition: number): void {
    const next = this.#next[partition] ?? 0;
    // At offset 0 it was given nothing yet.
    if (next > 0) this.#options.history.thrownBack(life, partition, next - 1);
  }

  #take(partition: number, records: Uint8Array): void {
    for (const { offset, end, identity } of readRecords(records)) {
      if (offset < (this.#next[partition] ?? 0)) continue;
      this.#options.history.read(partition, offset, identity);
      this.#next[partition] = end;
    }
  }
}

interface SeenRecord {
  readonly offset: number;
  /** The offset to ask for next. */
  readonly end: number;
  readonly identity: Identity | undefined;
}

/** The records of whole batches, without control batches; a batch that is cut ends it. */
function* readRecords(bytes: Uint8Array): Generator<SeenRecord> {
  for (const header of scanBatches(bytes).headers) {
    if (header.isControl) continue;
    const iterator = iterateRecords(bytes, header, {
      ...{ compression: compressionNode, bytesMax: 16 * batchBytesMax },
    });
    if (!iterator.ok) throw new Error(`a batch at ${header.baseOffset}: ${iterator.error}`);
    const records = iterator.value;
    while (records.next()) {
      const identity = identityOf(Buffer.from(records.value() ?? []).toString());
      yield { offset: records.offset, end: records.offset + 1, identity };
    }
  }
}
