import { uuid } from '../../src/base/brand.ts';
import { errorTable } from '../../src/base/errors.ts';
import type { ErrorRow } from '../../src/base/errors.ts';
import { limits } from '../../src/base/limits.ts';
import type { Result } from '../../src/base/result.ts';
import { fail, ok } from '../../src/base/result.ts';
import { apis } from '../../src/client/kafka/api.ts';
import { scanBatches } from '../../src/wire/kafka/batch-scan.ts';
import type { BatchFault, RecordBatchHeader } from '../../src/wire/kafka/record-batch-header.ts';
import { compressionTypeOf } from '../../src/wire/kafka/record-batch-header.ts';
import type { RecordIterator } from '../../src/wire/kafka/record-iterator.ts';
import { iterateRecords } from '../../src/wire/kafka/record-iterator.ts';
import type { FetchResponsePartition } from '../../src/wire/kafka/generated/01-fetch.ts';
import { compressionNode } from '../compression-node.ts';
import type { KafkaClient } from './kafka-client.ts';

/** ListOffsets' own words for places. */
export const earliest = -2;
export const latest = -1;

const answerMsMax = 10_000;
const partitionBytesMax = 256 * 1024;

export interface PartitionRecord {
  readonly partition: number;
  /** Speaks of this record until the next one is asked for. */
  readonly record: RecordIterator;
}

/**
 * Reads one topic from one node through Fetch, as any Kafka consumer does. Failures are one line of
 * text.
 */
export class TopicReader {
  readonly topic: string;
  /** Next offset to read, by partition. */
  readonly positions = new Map<number, number>();
  readonly #client: KafkaClient;

  constructor(client: KafkaClient, topic: string) {
    this.#client = client;
    this.topic = topic;
  }

  /** Partition numbers, ascending. */
  async partitions(): Promise<Result<readonly number[], string>> {
    const answer = await this.#client.call(
      apis.metadata,
      {
        topics: [{ topicId: noTopicId, name: this.topic }],
        allowAutoTopicCreation: false,
        includeClusterAuthorizedOperations: false,
        includeTopicAuthorizedOperations: false,
      },
      answerMsMax,
    );
    if (!answer.ok) return answer;
    const [found] = answer.value.topics;
    if (found === undefined || found.errorCode !== 0) {
      return fail(`topic ${this.topic}: ${errorText(found?.errorCode ?? 3)}`);
    }
    return ok(found.partitions.map((at) => at.partitionIndex).toSorted((a, b) => a - b));
  }

  /**
   * The first offset at or after a time, or `earliest`, `latest`; -1 where no record is that young.
   */
  async offsetsAt(
    partitions: readonly number[],
    timestamp: number,
  ): Promise<Result<ReadonlyMap<number, number>, string>> {
    const asked = partitions.map((partitionIndex) => ({
      partitionIndex,
      currentLeaderEpoch: -1,
      timestamp,
    }));
    const body = {
      replicaId: -1,
      isolationLevel: 0,
      topics: [{ name: this.topic, partitions: asked }],
    };
    const answer = await this.#client.call(apis.listOffsets, body, answerMsMax);
    if (!answer.ok) return answer;
    const offsets = new Map<number, number>();
    for (const at of answer.value.topics.flatMap((topic) => topic.partitions)) {
      if (at.errorCode !== 0) return fail(this.#problem(at.partitionIndex, at.errorCode));
      offsets.set(at.partitionIndex, at.offset);
    }
    return ok(offsets);
  }

  /**
   * One Fetch over all positions; waits up to `waitMs` for the first byte. Positions move past what
   * it returns.
   */
  async fetch(waitMs: number): Promise<Result<readonly FetchResponsePartition[], string>> {
    const partitions = [...this.positions].map(([partition, fetchOffset]) => ({
      partition,
      currentLeaderEpoch: -1,
      fetchOffset,
      lastFetchedEpoch: -1,
      logStartOffset: -1,
      partitionMaxBytes: partitionBytesMax,
    }));
    const body = {
      clusterId: null,
      replicaId: -1,
      maxWaitMs: waitMs,
      minBytes: 1,
      maxBytes: limits.fetchBytesMax,
      isolationLevel: 0,
      sessionId: 0,
      sessionEpoch: -1,
      topics: [{ topic: this.topic, partitions }],
      forgottenTopicsData: [],
      rackId: '',
    };
    const answer = await this.#client.call(apis.fetch, body, answerMsMax + waitMs);
    if (!answer.ok) return answer;
    const { errorCode, responses } = answer.value;
    if (errorCode !== 0) return fail(`Fetch: ${errorText(errorCode)}`);
    const found = responses.flatMap((topic) => topic.partitions);
    const failed = found.find((at) => at.errorCode !== 0);
    return failed === undefined
      ? ok(found)
      : fail(this.#problem(failed.partitionIndex, failed.errorCode));
  }

  /**
   * The records of a Fetch answer at or above the position, which moves on; control batches are
   * passed over (C1).
   */
  *records(answer: FetchResponsePartition): Generator<Result<PartitionRecord, string>> {
    const partition = answer.partitionIndex;
    const bytes = answer.records ?? new Uint8Array();
    const scan = scanBatches(bytes);
    for (const header of scan.headers) {
      const from = this.positions.get(partition) ?? 0;
      if (!header.isControl) {
        const opened = iterateRecords(bytes, header, {
          compression: compressionNode,
          bytesMax: limits.fetchBytesMax * 8,
        });
        if (!opened.ok) {
          yield fail(this.#unreadable(partition, header, opened.error));
          return;
        }
        const record = opened.value;
        while (record.next()) if (record.offset >= from) yield ok({ partition, record });
        if (record.fault !== undefined) {
          yield fail(this.#unreadable(partition, header, record.fault));
          return;
        }
      }
      this.positions.set(partition, Math.max(from, header.lastOffset + 1));
    }
    if (scan.fault !== undefined && scan.fault !== 'truncated') {
      yield fail(`the node sent a damaged batch of ${this.topic}-${partition} (${scan.fault})`);
    }
  }

  /** Nothing is passed over in silence: a batch that we cannot open ends the command. */
  #unreadable(partition: number, header: RecordBatchHeader, fault: BatchFault): string {
    const batch = `the batch at ${this.topic}-${partition}@${header.baseOffset}`;
    if (fault !== 'codec') return `${batch} is malformed (${fault})`;
    const codec = compressionTypeOf(header) ?? 'an unknown codec';
    return `${batch} is packed with ${codec}; this command opens only gzip, read it with kcat`;
  }

  #problem(partition: number, code: number): string {
    const at = this.positions.get(partition);
    const place = at === undefined ? '' : ` at offset ${at}`;
    return `${this.topic}-${partition}${place}: ${errorText(code)}`;
  }
}

const noTopicId = uuid('00000000-0000-0000-0000-000000000000');

/** Our words for a Kafka error code. */
export function errorText(code: number): string {
  const rows: readonly (readonly [string, ErrorRow])[] = Object.entries(errorTable);
  const row = rows.find(([, { kafkaCode }]) => kafkaCode === code);
  return row === undefined ? `Kafka error ${code}` : row[1].text;
}
