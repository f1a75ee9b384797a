import type { MonotonicMs, Offset } from '../../../base/brand.ts';
import { leaderEpoch, monotonicMs, offset } from '../../../base/brand.ts';
import type { ErrorCode } from '../../../base/errors.ts';
import { kafkaCodeOf } from '../../../base/errors.ts';
import type { RoomClaim } from '../../../base/byte-room.ts';
import { limits } from '../../../base/limits.ts';
import type {
  FetchRequest,
  FetchRequestPartition,
  FetchResponse,
  FetchResponsePartition,
} from '../../../wire/kafka/generated/01-fetch.ts';
import { fetchCodec } from '../../../wire/kafka/generated/01-fetch.ts';
import type { PartitionView, ReadOutcome } from '../broker-view.ts';
import type { Deadline } from '../deadlines.ts';
import type { FetchWait } from '../fetch-wait.ts';
import type { Handler, HandlerContext, TypedExchange } from '../handler.ts';
import { handlerOf } from '../handler.ts';
import { withoutControlBatches } from '../without-control-batches.ts';
import { leaderPartition } from '../partition-check.ts';

/*
 * Fetch v4-12 for consumers: committed records only, whole batches, at least one above every limit
 * (KIP-74). Waits up to `maxWaitMs` for `minBytes`. There are no fetch sessions: the session id is
 * always 0. There are no transactions here: the last stable offset is the high watermark and no
 * transaction is aborted.
 */
export const fetchHandler: Handler = handlerOf(fetchCodec, (request, typed, context) => {
  if (request.sessionId === 0) new FetchTask(request, typed, context).start();
  else typed.reply(responseOf(kafkaCodeOf('FETCH_SESSION_ID_NOT_FOUND'), []));
});

const emptyBytes = new Uint8Array(0);

interface Wanted {
  readonly topic: string;
  readonly partition: FetchRequestPartition;
}

/**
 * One Fetch in progress. It reads its partitions one after the other, each as it is at that moment,
 * and starts over when a high watermark moves and there were not enough bytes. It reads only what
 * it has room for: the fuller the room of all answers, the smaller this one.
 */
class FetchTask {
  readonly #request: FetchRequest;
  readonly #typed: TypedExchange<FetchResponse>;
  readonly #context: HandlerContext;
  readonly #wanted: readonly Wanted[];
  readonly #waitUntil: MonotonicMs;
  #claim: RoomClaim | undefined;
  #bytesMax = 0;
  #answers: FetchResponsePartition[] = [];
  #bytes = 0;
  #mustAnswer = false;
  #isReading = false;
  /**
   * Not enough bytes yet: nothing is under way or held, a moved high watermark or the deadline
   * starts over.
   */
  #isParked = false;
  /** Undefined: a high watermark has moved since the reading began. */
  #wait: FetchWait | undefined;
  #deadline: Deadline | undefined;

  constructor(request: FetchRequest, typed: TypedExchange<FetchResponse>, context: HandlerContext) {
    this.#request = request;
    this.#typed = typed;
    this.#context = context;
    this.#wanted = request.topics.flatMap(({ topic, partitions }) =>
      partitions.map((partition) => ({ topic, partition })),
    );
    const waitMs = Math.min(Math.max(request.maxWaitMs, 0), limits.fetchWaitMsMax);
    this.#waitUntil = monotonicMs(context.now() + waitMs);
  }

  start(): void {
    this.#typed.exchange.onAbandoned(() => {
      this.#stopWaiting();
      this.#freeRoom();
    });
    this.#restart();
  }

  #restart(): void {
    this.#isParked = false;
    this.#answers = [];
    this.#bytes = 0;
    this.#mustAnswer = this.#wanted.length === 0;
    this.#listen();
    this.#claimRoom();
    if (this.#claim?.isGranted === true) this.#advance();
  }

  #claimRoom(): void {
    const { answerRoom } = this.#context;
    const wanted = Math.min(Math.max(this.#request.maxBytes, 0), limits.fetchBytesMax);
    this.#freeRoom();
    this.#bytesMax = answerRoom.portion(wanted, limits.fetchPortionBytesMin);
    this.#claim = answerRoom.claim(this.#bytesMax, () => this.#advance());
  }

  #freeRoom(): void {
    if (this.#claim !== undefined) this.#context.answerRoom.free(this.#claim);
    this.#claim = undefined;
  }

  /**
   * Goes on until a read is under way or all partitions have their answer. A loop: reads may answer
   * at once.
   */
  #advance(): void {
    if (this.#isReading) return;
    while (this.#answers.length < this.#wanted.length) {
      if (this.#typed.exchange.isAbandoned) return;
      this.#answerNext(this.#wanted[this.#answers.length] as Wanted);
      if (this.#isReading) return;
    }
    this.#finish();
  }

  #answerNext({ topic, partition }: Wanted): void {
    const { currentLeaderEpoch } = partition;
    const asked = { topic, partition: partition.partition, currentLeaderEpoch };
    const found = leaderPartition(this.#context.view, asked);
    if (!found.ok) return this.#refuse(partition, found.error);
    const log = found.value;
    if (!this.#isOfOneHistory(log, partition)) return undefined;
    const { fetchOffset } = partition;
    if (fetchOffset < log.logStartOffset || fetchOffset > log.logEndOffset) {
      return this.#refuse(partition, 'OFFSET_OUT_OF_RANGE');
    }
    // Between high watermark and log end there is nothing yet, which is no error (C6).
    if (fetchOffset >= log.highWatermark) return this.#add(answerOf(log));
    if (this.#bytes > 0 && this.#bytesLeft() <= 0) return this.#answerLater(log);
    return this.#read(log, partition, offset(fetchOffset));
  }

  /** No room in this response: the client asks again. */
  #answerLater(log: PartitionView): void {
    this.#mustAnswer = true;
    this.#add(answerOf(log));
  }

  /** KIP-595: tells a fetcher whose last epoch ends elsewhere in our log where the two part. */
  #isOfOneHistory(log: PartitionView, partition: FetchRequestPartition): boolean {
    const { lastFetchedEpoch, fetchOffset } = partition;
    if (lastFetchedEpoch < 0) return true;
    const end = log.endOffsetOf(leaderEpoch(lastFetchedEpoch));
    if (end?.leaderEpoch === lastFetchedEpoch && end.endOffset >= fetchOffset) return true;
    if (end === undefined) this.#refuse(partition, 'OFFSET_OUT_OF_RANGE');
    else {
      const divergingEpoch = { epoch: end.leaderEpoch, endOffset: end.endOffset };
      this.#mustAnswer = true;
      this.#add({ ...answerOf(log), divergingEpoch });
    }
    return false;
  }

  #read(log: PartitionView, partition: FetchRequestPartition, from: Offset): void {
    const bytesMax = Math.max(0, Math.min(partition.partitionMaxBytes, this.#bytesLeft()));
    const to = log.highWatermark;
    const answer = answerOf(log);
    let isSynchronous = true;
    this.#isReading = true;
    this.#context.view.read(log, { from, to, bytesMax }, (outcome) => {
      this.#isReading = false;
      if (this.#typed.exchange.isAbandoned) return;
      this.#addRead(answer, outcome);
      if (!isSynchronous) this.#advance();
    });
    isSynchronous = false;
  }

  #addRead(answer: FetchResponsePartition, outcome: ReadOutcome): void {
    if (!outcome.ok) {
      this.#mustAnswer = true;
      return this.#add({ ...answer, errorCode: kafkaCodeOf(outcome.error) });
    }
    // A read gives at least one batch; only the first of a response may exceed the limit with it
    // (KIP-74).
    const bytes = this.#understood(outcome.bytes);
    const isTooMuch = this.#bytes > 0 && bytes.length > this.#bytesLeft();
    const records = isTooMuch ? emptyBytes : bytes;
    this.#bytes += records.length;
    if (this.#claim !== undefined && this.#bytes > this.#claim.bytes) {
      this.#context.answerRoom.change(this.#claim, this.#bytes);
    }
    if (isTooMuch) this.#mustAnswer = true;
    return this.#add({ ...answer, records });
  }

  /**
   * Whoever speaks no more than version 4 is taken for a client that does not know control batches.
   */
  #understood(read: Uint8Array): Uint8Array {
    return this.#typed.version > 4 ? read : withoutControlBatches(read);
  }

  #finish(): void {
    const minBytes = Math.min(this.#request.minBytes, this.#bytesMax);
    const isEnough = this.#mustAnswer || this.#bytes >= minBytes;
    if (isEnough || this.#context.now() >= this.#waitUntil) {
      this.#stopWaiting();
      this.#typed.reply(responseOf(0, this.#grouped()));
      return this.#freeRoom();
    }
    if (this.#wait === undefined) return this.#restart();
    this.#isParked = true;
    this.#answers = [];
    this.#freeRoom();
    return undefined;
  }

  /** Before the first read, so that no move of a high watermark is missed. */
  #listen(): void {
    if (this.#context.now() >= this.#waitUntil) return;
    const logIds = this.#wanted.flatMap(({ topic, partition }) => {
      const log = this.#context.view.partition(topic, partition.partition);
      return log === undefined ? [] : [log.logId];
    });
    // Named twice: it would be looked at again as often with every batch, so it never waits.
    if (new Set(logIds).size < logIds.length) {
      this.#mustAnswer = true;
      return;
    }
    this.#wait = { logIds, wake: () => this.#wake() };
    this.#context.waits.park(this.#wait);
    this.#deadline ??= this.#context.deadlines.add(this.#waitUntil, () => this.#expire());
  }

  #wake(): void {
    this.#wait = undefined;
    if (this.#isParked) this.#restart();
  }

  #expire(): void {
    if (!this.#isParked) return;
    if (this.#wait !== undefined) this.#context.waits.remove(this.#wait);
    this.#wait = undefined;
    this.#restart();
  }

  #stopWaiting(): void {
    if (this.#wait !== undefined) this.#context.waits.remove(this.#wait);
    if (this.#deadline !== undefined) this.#context.deadlines.cancel(this.#deadline);
    this.#wait = undefined;
  }

  #refuse({ partition }: FetchRequestPartition, error: ErrorCode): void {
    this.#mustAnswer = true;
    this.#add({ ...emptyAnswer, partitionIndex: partition, errorCode: kafkaCodeOf(error) });
  }

  #add(answer: FetchResponsePartition): void {
    this.#answers.push(answer);
  }

  #bytesLeft(): number {
    return this.#bytesMax - this.#bytes;
  }

  #grouped(): FetchResponse['responses'] {
    let at = 0;
    return this.#request.topics.map(({ topic, partitions }) => {
      const answers = this.#answers.slice(at, at + partitions.length);
      at += partitions.length;
      return { topic, partitions: answers };
    });
  }
}

const emptyAnswer: FetchResponsePartition = {
  partitionIndex: 0,
  errorCode: 0,
  highWatermark: -1,
  lastStableOffset: -1,
  logStartOffset: -1,
  divergingEpoch: null,
  currentLeader: null,
  snapshotId: null,
  abortedTransactions: [],
  preferredReadReplica: -1,
  records: emptyBytes,
};

function answerOf(log: PartitionView): FetchResponsePartition {
  return {
    ...emptyAnswer,
    partitionIndex: log.partition,
    highWatermark: log.highWatermark,
    lastStableOffset: log.highWatermark,
    logStartOffset: log.logStartOffset,
  };
}

function responseOf(errorCode: number, responses: FetchResponse['responses']): FetchResponse {
  return { throttleTimeMs: 0, errorCode, sessionId: 0, responses };
}
