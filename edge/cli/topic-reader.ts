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
import { errorText } from './error-text.ts';
import type { LeaderClients, LedByOne } from './leader-clients.ts';
import type { Patience, Trouble } from './patience.ts';

/** ListOffsets' own words for places. */
export const earliest = -2;
export const latest = -1;

const answerMsMax = 10_000;
/** Of a Fetch, beside what the leader may wait: the other partitions wait for it, too. */
const fetchAnswerMsMax = 5_000;
const partitionBytesMax = 256 * 1024;
/**
 * LEADER_NOT_AVAILABLE, NOT_LEADER_OR_FOLLOWER, OFFSET_NOT_AVAILABLE: another node leads, or soon
 * will.
 */
const movedCodes: ReadonlySet<number> = new Set([5, 6, 78]);

export interface PartitionRecord {
  readonly partition: number;
  /** Speaks of this record until the next one is asked for. */
  readonly record: RecordIterator;
}

/**
 * Reads one topic from the leaders of its partitions through Fetch, as any Kafka consumer does.
 * When one of them goes it waits for the next leader, within its patience, and reads on where it
 * was. Failures are one line of text.
 */
export class TopicReader {
  readonly topic: string;
  /** Next offset to read, by partition. */
  readonly positions = new Map<number, number>();
  readonly #leaders: LeaderClients;
  readonly #patience: Patience;

  constructor(leaders: LeaderClients, topic: string, patience: Patience) {
    this.#leaders = leaders;
    this.topic = topic;
    this.#patience = patience;
  }

  /** A partition has no leader that answers: nothing can be said of its end. */
  get isWaiting(): boolean {
    return this.#patience.isTried;
  }

  /** Partition numbers, ascending. */
  partitions(): Promise<Result<readonly number[], string>> {
    return this.#patiently(() => this.#leaders.learn());
  }

  /**
   * The first offset at or after a time, or `earliest`, `latest`; -1 where no record is that young.
   */
  offsetsAt(
    partitions: readonly number[],
    timestamp: number,
  ): Promise<Result<ReadonlyMap<number, number>, string>> {
    return this.#patiently(() => this.#offsetsAt(partitions, timestamp));
  }

  /**
   * One Fetch of these partitions from each of their leaders, which wait up to `waitMs` for the
   * first byte. Nothing where a leader is gone, or another one by now: the next one asks that.
   */
  async fetch(
    partitions: readonly number[],
    waitMs: number,
  ): Promise<Result<readonly FetchResponsePartition[], string>> {
    const { led, troubles } = await this.#leaders.of(partitions);
    const answers = await Promise.all(led.map((one) => this.#fetchFrom(one, waitMs)));
    const found: FetchResponsePartition[] = [];
    const passing = [...troubles];
    for (const answer of answers) {
      if (answer.ok) found.push(...answer.value);
      else if (answer.error.passes) passing.push(answer.error.text);
      else return fail(answer.error.text);
    }
    for (const { errorCode, partitionIndex } of found) {
      if (errorCode === 0) continue;
      const text = this.#problem(partitionIndex, errorCode);
      if (!movedCodes.has(errorCode)) return fail(text);
      passing.push(text);
    }
    const [trouble] = passing;
    if (trouble === undefined) {
      this.#patience.over();
      return ok(found);
    }
    const again = await this.#waitAndLearn(trouble);
    return again.ok ? ok(found.filter((at) => at.errorCode === 0)) : again;
  }

  /** Again and again while what is wrong may pass. */
  async #patiently<T>(attempt: () => Promise<Result<T, Trouble>>): Promise<Result<T, string>> {
    for (;;) {
      const done = await attempt();
      if (done.ok) {
        this.#patience.over();
        return done;
      }
      const { text, passes } = done.error;
      const again = passes ? await this.#waitAndLearn(text) : fail(text);
      if (!again.ok) return again;
    }
  }

  /** Who leads what then; that nobody says it now may pass, too. */
  async #waitAndLearn(trouble: string): Promise<Result<undefined, string>> {
    const waited = await this.#patience.wait(trouble);
    if (!waited.ok) return waited;
    const learnt = await this.#leaders.learn();
    return learnt.ok || learnt.error.passes ? ok(undefined) : fail(learnt.error.text);
  }

  async #offsetsAt(
    partitions: readonly number[],
    timestamp: number,
  ): Promise<Result<ReadonlyMap<number, number>, Trouble>> {
    const { led, troubles } = await this.#leaders.of(partitions);
    const [trouble] = troubles;
    if (trouble !== undefined) return fail({ text: trouble, passes: true });
    const offsets = new Map<number, number>();
    for (const { address, client, partitions: group } of led) {
      const asked = group.map((partitionIndex) => ({
        partitionIndex,
        currentLeaderEpoch: -1,
        timestamp,
      }));
      const topics = [{ name: this.topic, partitions: asked }];
      const body = { replicaId: -1, isolationLevel: 0, topics };
      const answer = await client.call(apis.listOffsets, body, answerMsMax);
      if (!answer.ok) return fail({ text: `${address}: ${answer.error}`, passes: true });
      for (const at of answer.value.topics.flatMap((topic) => topic.partitions)) {
        if (at.errorCode !== 0) {
          const text = this.#problem(at.partitionIndex, at.errorCode);
          return fail({ text, passes: movedCodes.has(at.errorCode) });
        }
        offsets.set(at.partitionIndex, at.offset);
      }
    }
    return ok(offsets);
  }

  async #fetchFrom(
    { address, client, partitions }: LedByOne,
    maxWaitMs: number,
  ): Promise<Result<readonly FetchResponsePartition[], Trouble>> {
    const wants = partitions.map((partition) => ({
      partition,
      currentLeaderEpoch: -1,
      fetchOffset: this.positions.get(partition) ?? 0,
      lastFetchedEpoch: -1,
      logStartOffset: -1,
      partitionMaxBytes: partitionBytesMax,
    }));
    const body = {
      clusterId: null,
      replicaId: -1,
      maxWaitMs,
      minBytes: 1,
      maxBytes: limits.fetchBytesMax,
      isolationLevel: 0,
      sessionId: 0,
      sessionEpoch: -1,
      topics: [{ topic: this.topic, partitions: wants }],
      forgottenTopicsData: [],
      rackId: '',
    };
    const answer = await client.call(apis.fetch, body, fetchAnswerMsMax + maxWaitMs);
    if (!answer.ok) return fail({ text: `${address}: ${answer.error}`, passes: true });
    const { errorCode, responses } = answer.value;
    if (errorCode !== 0) return fail({ text: `Fetch: ${errorText(errorCode)}`, passes: false });
    return ok(responses.flatMap((topic) => topic.partitions));
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
