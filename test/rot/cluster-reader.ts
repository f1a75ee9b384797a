import { setTimeout as delay } from 'node:timers/promises';
import { compressionNode } from '../../edge/compression-node.ts';
import { fetchCodec } from '../../src/wire/kafka/generated/01-fetch.ts';
import { scanBatches } from '../../src/wire/kafka/batch-scan.ts';
import { iterateRecords } from '../../src/wire/kafka/record-iterator.ts';
import { identityOf, payloadOf } from '../cluster/history/identity.ts';
import type { TestCluster } from '../cluster/test-cluster.ts';
import { KafkaRawClient } from '../integration/harness/kafka-raw-client.ts';
import type { Batches } from './judge.ts';

export interface PartitionName {
  readonly topic: string;
  readonly partition: number;
}

export interface ReaderOptions {
  readonly cluster: TestCluster;
  /** What is known to be stored; a batch that is not in it is judged by its payloads. */
  readonly truth: (name: PartitionName) => Batches;
  /** What a reader must never get. */
  readonly complain: (what: string) => void;
  readonly payloadBytes: number;
}

const none = 0;
const offsetOutOfRange = 1;
const fetchBytes = 65_536;
const pauseMs = 50;

/** Reads partitions as consumers do, wherever they are led, and compares each byte. */
export class ClusterReader {
  readonly #options: ReaderOptions;
  readonly #clients = new Map<number, KafkaRawClient>();
  #batches = 0;
  #refusals = 0;

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  /** Batches compared, and answers that only said to ask again. */
  get counts(): { readonly batches: number; readonly refusals: number } {
    return { batches: this.#batches, refusals: this.#refusals };
  }

  /** From the log start to where the high watermark stands then. Rejects if that takes too long. */
  async readAll(name: PartitionName, msMax: number): Promise<void> {
    const deadline = Date.now() + msMax;
    let at = 0;
    for (let last = 'nobody leads'; ;) {
      if (Date.now() > deadline) {
        throw new Error(`${name.topic}-${name.partition} is not served from ${at} on: ${last}`);
      }
      const leader = await this.#options.cluster.leaderOf(name.topic, name.partition);
      const step = leader === undefined ? undefined : await this.#fetch(leader, name, at);
      if (step?.isAtEnd === true) return;
      at = step?.next ?? at;
      if (step?.error === undefined && step !== undefined) continue;
      last = `node ${leader} answers ${step?.error ?? 'nothing'}`;
      if (step?.error === offsetOutOfRange) at = await this.#startOf(name, at);
      this.#refusals++;
      await delay(pauseMs);
    }
  }

  close(): void {
    for (const client of this.#clients.values()) client.destroy();
    this.#clients.clear();
  }

  /** The log start as the node tells it that knows the highest one. */
  async #startOf({ topic, partition }: PartitionName, at: number): Promise<number> {
    let start = at;
    for (const { partitions } of (await this.#options.cluster.statuses()).values()) {
      const told = partitions.find((one) => one.topic === topic && one.partition === partition);
      start = Math.max(start, told?.logStartOffset ?? 0);
    }
    return start;
  }

  /** Undefined: no answer. Goes on at `next`, or at the end; an error asks for another try. */
  async #fetch(
    node: number,
    { topic, partition }: PartitionName,
    at: number,
  ): Promise<Step | undefined> {
    try {
      const client = await this.#client(node);
      for (let from = at; ;) {
        const { responses } = await client.ask(fetchCodec, 11, {
          ...{ clusterId: null, replicaId: -1, maxWaitMs: 0, minBytes: 1, maxBytes: fetchBytes },
          ...{ isolationLevel: 0, sessionId: 0, sessionEpoch: -1, rackId: '' },
          topics: [{ topic, partitions: [fetchOf(partition, from)] }],
          forgottenTopicsData: [],
        });
        const found = responses[0]?.partitions[0];
        if (found === undefined) return undefined;
        const { errorCode, highWatermark, records } = found;
        if (errorCode !== none) return { next: from, isAtEnd: false, error: errorCode };
        if (from >= highWatermark) return { next: from, isAtEnd: true };
        const next = this.#take({ topic, partition }, records ?? new Uint8Array(0), from);
        if (next === from) return { next: from, isAtEnd: false, error: -2 };
        from = next;
      }
    } catch {
      this.#clients.get(node)?.destroy();
      this.#clients.delete(node);
      return undefined;
    }
  }

  #take(name: PartitionName, records: Uint8Array, from: number): number {
    const stored = this.#options.truth(name);
    const where = `${name.topic}-${name.partition}`;
    let next = from;
    for (const header of scanBatches(records).headers) {
      const { baseOffset, lastOffset, position, totalBytes } = header;
      const bytes = records.subarray(position, position + totalBytes);
      const known = stored.get(baseOffset);
      if (baseOffset > next) {
        this.#options.complain(`${where}: ${next} to ${baseOffset} is skipped in silence`);
      }
      if (known !== undefined && Buffer.compare(known, bytes) !== 0) {
        this.#options.complain(`${where}: wrong bytes at ${baseOffset}`);
      }
      if (known === undefined && !name.topic.startsWith('__')) this.#judge(where, bytes);
      this.#batches++;
      next = lastOffset + 1;
    }
    return next;
  }

  /** Of a batch that is new every payload says what its bytes must be. */
  #judge(where: string, bytes: Uint8Array): void {
    const { complain, payloadBytes } = this.#options;
    const [header] = scanBatches(bytes).headers;
    if (header === undefined || header.isControl) return;
    const options = { compression: compressionNode, bytesMax: 16 * fetchBytes };
    const iterator = iterateRecords(bytes, header, options);
    if (!iterator.ok) return complain(`${where}: no records at ${header.baseOffset}`);
    while (iterator.value.next()) {
      const value = Buffer.from(iterator.value.value() ?? []).toString();
      const identity = identityOf(value);
      if (identity === undefined || payloadOf(identity, payloadBytes) !== value) {
        complain(`${where}: wrong record at ${iterator.value.offset}`);
      }
    }
  }

  async #client(node: number): Promise<KafkaRawClient> {
    const known = this.#clients.get(node);
    if (known?.isClosed === false) return known;
    const { host, ports } = this.#options.cluster.node(node).place;
    const client = await KafkaRawClient.connect(ports.kafka, host);
    this.#clients.set(node, client);
    return client;
  }
}

interface Step {
  readonly next: number;
  readonly isAtEnd: boolean;
  readonly error?: number;
}

const fetchOf = (partition: number, fetchOffset: number) => ({
  ...{ partition, fetchOffset, currentLeaderEpoch: -1, lastFetchedEpoch: -1 },
  ...{ logStartOffset: -1, partitionMaxBytes: fetchBytes },
});
