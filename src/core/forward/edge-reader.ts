import type { LeaderEpoch, Offset, Uuid } from '../../base/brand.ts';
import { leaderEpoch, offset } from '../../base/brand.ts';
import { fail, ok } from '../../base/result.ts';
import type { Result } from '../../base/result.ts';
import { apis } from '../../client/kafka/api.ts';
import { scanBatches } from '../../wire/kafka/batch-scan.ts';
import type { RecordBatchHeader } from '../../wire/kafka/record-batch-header.ts';
import type { ForwardContext } from './context.ts';
import { fetchRequest } from './fetch-request.ts';
import type { Procedure } from './procedure.ts';
import { wait } from './procedure.ts';
import { identityOf } from './rebuild.ts';
import type { BatchIdentity } from './supervision.ts';
import type { Trouble } from './trouble.ts';
import { codeText, noAnswer, waiting } from './trouble.ts';

/**
 * The edge partition as its leader answers for it; the high watermark is one of this leader epoch.
 */
export interface EdgeView {
  readonly leaderEpoch: LeaderEpoch;
  readonly logStartOffset: Offset;
  readonly highWatermark: Offset;
  /**
   * How many partitions the topic has: where a topic must be created at central, it gets as many.
   */
  readonly partitions: number;
}

/** Fetched batches, CRC checked, and how far the log reaches. */
export interface EdgeChunk {
  readonly bytes: Uint8Array;
  readonly headers: readonly RecordBatchHeader[];
  readonly highWatermark: Offset;
}

const latest = -1;
const earliest = -2;

/** Reads one partition of the node, as any consumer would. */
export class EdgeReader {
  readonly #context: ForwardContext;
  readonly #topic: string;
  readonly #topicId: Uuid;
  readonly #partition: number;
  #leaderEpoch: LeaderEpoch = leaderEpoch(-1);

  constructor(context: ForwardContext, topic: string, topicId: Uuid, partition: number) {
    this.#context = context;
    this.#topic = topic;
    this.#topicId = topicId;
    this.#partition = partition;
  }

  get leaderEpoch(): LeaderEpoch {
    return this.#leaderEpoch;
  }

  /** Leader epoch and bounds, anew. A topic of the same name but another id is not ours (V6). */
  *view(): Procedure<Result<EdgeView, Trouble>> {
    const asked = yield* wait(this.#context.edge.refresh([this.#topic]));
    if (!asked.ok) return fail(noAnswer(asked.error, 'the node'));
    const topic = this.#context.edge.metadata.topics.get(this.#topic);
    const partition = topic?.partitions.get(this.#partition);
    if (topic === undefined || partition === undefined || topic.errorCode !== 0) {
      return fail(waiting(`the node has no partition ${this.#topic}/${this.#partition} now`));
    }
    if (topic.topicId !== this.#topicId) {
      return fail(waiting(`the node's topic ${this.#topic} is another one by now`));
    }
    this.#leaderEpoch = leaderEpoch(partition.leaderEpoch);
    const end = yield* this.#listOffset(latest);
    if (!end.ok) return end;
    const start = yield* this.#listOffset(earliest);
    if (!start.ok) return start;
    return ok({
      leaderEpoch: this.#leaderEpoch,
      logStartOffset: start.value,
      highWatermark: end.value,
      partitions: topic.partitions.size,
    });
  }

  /**
   * Whole batches from the one that holds `from`, none above the high watermark; empty: there are
   * none yet.
   */
  *fetch(from: Offset, bytesMax: number): Procedure<Result<EdgeChunk, Trouble>> {
    const want = {
      topic: this.#topic,
      partition: this.#partition,
      leaderEpoch: this.#leaderEpoch,
      offset: from,
      bytesMax,
    };
    const request = fetchRequest([want], { maxWaitMs: 0, bytesMax });
    const answer = yield* wait(this.#context.edge.call({}, apis.fetch, request));
    if (!answer.ok) return fail(noAnswer(answer.error, 'the node'));
    const found = answer.value.responses[0]?.partitions[0];
    const code = answer.value.errorCode || (found?.errorCode ?? -1);
    if (found === undefined || code !== 0) {
      return fail(waiting(`the node, offset ${from}: ${codeText(code)}`));
    }
    const bytes = found.records ?? new Uint8Array(0);
    const scan = scanBatches(bytes);
    if (scan.fault !== undefined && scan.fault !== 'truncated') {
      return fail(waiting(`the node sent a damaged batch behind offset ${from}`));
    }
    const highWatermark = offset(found.highWatermark);
    const headers = scan.headers.filter(
      (header) => header.lastOffset >= from && header.lastOffset < highWatermark,
    );
    return ok({ bytes, headers, highWatermark });
  }

  /** The batch that holds `at`, to be compared with the cursor's (X1). */
  *identityAt(at: Offset): Procedure<Result<BatchIdentity | 'none', Trouble>> {
    const chunk = yield* this.fetch(at, 1);
    if (!chunk.ok) return chunk;
    const header = chunk.value.headers[0];
    // One that begins behind it: rot has taken the batch that was there.
    if (header === undefined || header.baseOffset > at) return ok('none');
    return ok(identityOf(header));
  }

  /** X2: does the node still answer a Fetch with our leader epoch? */
  *isAnswered(): Procedure<boolean> {
    const start = yield* this.#listOffset(earliest);
    if (!start.ok) return false;
    const chunk = yield* this.fetch(start.value, 1);
    return chunk.ok;
  }

  *#listOffset(timestamp: number): Procedure<Result<Offset, Trouble>> {
    const partition = {
      partitionIndex: this.#partition,
      currentLeaderEpoch: this.#leaderEpoch,
      timestamp,
    };
    const request = {
      replicaId: -1,
      isolationLevel: 0,
      topics: [{ name: this.#topic, partitions: [partition] }],
    };
    const answer = yield* wait(this.#context.edge.call({}, apis.listOffsets, request));
    if (!answer.ok) return fail(noAnswer(answer.error, 'the node'));
    const found = answer.value.topics[0]?.partitions[0];
    // 78 (or 5): this epoch's LeaderChange is not committed yet, so nothing above it can be judged
    // (X1).
    if (found === undefined || found.errorCode !== 0) {
      return fail(waiting(`the node, its offsets: ${codeText(found?.errorCode ?? -1)}`));
    }
    return ok(offset(found.offset));
  }
}
