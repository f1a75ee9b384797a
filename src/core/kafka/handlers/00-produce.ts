import type { ErrorCode } from '../../../base/errors.ts';
import { errorRow, kafkaCodeOf } from '../../../base/errors.ts';
import { checkProducedBatch } from '../../../wire/kafka/batch-check.ts';
import type {
  ProduceRequest,
  ProduceRequestPartition,
  ProduceResponse,
  ProduceResponsePartition,
} from '../../../wire/kafka/generated/00-produce.ts';
import { produceCodec } from '../../../wire/kafka/generated/00-produce.ts';
import type { PartitionView, ProduceOutcome } from '../broker-view.ts';
import type { Handler, HandlerContext, TypedExchange } from '../handler.ts';
import { handlerOf } from '../handler.ts';
import { leaderPartition } from '../partition-check.ts';
import { PendingOutcomes } from '../pending-outcomes.ts';
import type { Result } from '../../../base/result.ts';
import { fail, ok } from '../../../base/result.ts';

/*
 * Produce v3-11. One version 2 batch for each partition, checked before it is appended; the answer
 * waits for the commit (C5) whatever `acks` says, and with acks 0 none is sent: a failure closes
 * the connection. One that is appended and still not committed when its time is over gets 7, or 20
 * where too few replicas are in sync by then (C3). Not supported: transactions (53), internal
 * topics (17), creating topics on the way (3).
 */
export const produceHandler: Handler = handlerOf(produceCodec, (request, typed, context) => {
  new ProduceTask(request, typed, context).start();
});

interface CheckedBatch {
  readonly partition: PartitionView;
  readonly batch: Uint8Array;
}

/** One Produce request in progress: its partitions end one by one, in any order. */
class ProduceTask {
  readonly #request: ProduceRequest;
  readonly #typed: TypedExchange<ProduceResponse>;
  readonly #context: HandlerContext;
  /** Partition after partition, as in the request. */
  readonly #outcomes: PendingOutcomes<ProduceOutcome>;

  constructor(
    request: ProduceRequest,
    typed: TypedExchange<ProduceResponse>,
    context: HandlerContext,
  ) {
    this.#request = request;
    this.#typed = typed;
    this.#context = context;
    this.#outcomes = new PendingOutcomes<ProduceOutcome>({
      count: request.topicData.reduce((sum, { partitionData }) => sum + partitionData.length, 0),
      timeoutMs: request.timeoutMs,
      settle: (outcomes) => this.#settle(outcomes),
    });
  }

  start(): void {
    let at = 0;
    for (const { name, partitionData } of this.#request.topicData) {
      for (const data of partitionData) this.#produce(name, data, at++);
    }
    this.#outcomes.wait(this.#context, this.#typed.exchange);
  }

  #produce(topic: string, data: ProduceRequestPartition, at: number): void {
    const checked = this.#check(topic, data);
    const decide = (outcome: ProduceOutcome): void => this.#outcomes.decide(at, outcome);
    if (checked.ok)
      this.#context.view.produce(checked.value.partition, checked.value.batch, decide);
    else decide(checked);
  }

  #check(
    topic: string,
    { index, records }: ProduceRequestPartition,
  ): Result<CheckedBatch, ErrorCode> {
    const { acks, transactionalId } = this.#request;
    if (acks !== -1 && acks !== 0 && acks !== 1) return fail('INVALID_REQUIRED_ACKS');
    if (transactionalId !== null) return fail('TRANSACTIONAL_ID_AUTHORIZATION_FAILED');
    const { view, batchBytesMax } = this.#context;
    if (topic.startsWith('__') || view.topic(topic)?.internal === true)
      return fail('INVALID_TOPIC');
    const found = leaderPartition(view, { topic, partition: index, currentLeaderEpoch: -1 });
    if (!found.ok) return found;
    if (records === null) return fail('INVALID_RECORD');
    const checked = checkProducedBatch(records, batchBytesMax);
    return checked.ok ? ok({ partition: found.value, batch: records }) : checked;
  }

  #settle(outcomes: readonly (ProduceOutcome | undefined)[]): void {
    if (this.#request.acks !== 0) return this.#typed.reply(this.#response(outcomes));
    const hasFailed = outcomes.some((outcome) => outcome?.ok !== true);
    if (hasFailed) return this.#typed.exchange.close('a Produce with acks 0 failed');
    return this.#typed.exchange.settle(undefined);
  }

  #response(outcomes: readonly (ProduceOutcome | undefined)[]): ProduceResponse {
    let at = 0;
    const responses = this.#request.topicData.map(({ name, partitionData }) => ({
      name,
      partitionResponses: partitionData.map(({ index }) =>
        partitionResponse(index, outcomes[at++] ?? this.#late(name, index)),
      ),
    }));
    return { responses, throttleTimeMs: 0, nodeEndpoints: [] };
  }

  /** It is in the log, and may be committed yet; that it cannot be now has its own code (C3). */
  #late(topic: string, partition: number): ProduceOutcome {
    const isShort = this.#context.view.partition(topic, partition)?.isShortOfReplicas === true;
    return fail(isShort ? 'NOT_ENOUGH_REPLICAS_AFTER_APPEND' : 'REQUEST_TIMED_OUT');
  }
}

function partitionResponse(index: number, outcome: ProduceOutcome): ProduceResponsePartition {
  const same = { index, logAppendTimeMs: -1, recordErrors: [], currentLeader: null };
  if (outcome.ok) {
    const { baseOffset, logStartOffset } = outcome;
    return { ...same, errorCode: 0, baseOffset, logStartOffset, errorMessage: null };
  }
  const { error } = outcome;
  const { text } = errorRow(error);
  return {
    ...same,
    errorCode: kafkaCodeOf(error),
    baseOffset: -1,
    logStartOffset: -1,
    errorMessage: text,
  };
}
