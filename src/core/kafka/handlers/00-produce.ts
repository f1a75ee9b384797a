import { monotonicMs } from '../../../base/brand.ts';
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
import type { Deadline } from '../deadlines.ts';
import type { Handler, HandlerContext, TypedExchange } from '../handler.ts';
import { handlerOf } from '../handler.ts';
import { leaderPartition } from '../partition-check.ts';
import type { Result } from '../../../base/result.ts';
import { fail, ok } from '../../../base/result.ts';

/*
 * Produce v3-11. One version 2 batch for each partition, checked before it is appended; the answer
 * waits for the commit (C5) whatever `acks` says, and with acks 0 none is sent: a failure closes
 * the connection. Not supported: transactions (53), internal topics (17), creating topics on the
 * way (3).
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
  /** By topic, by partition, as in the request; undefined: not decided yet. */
  readonly #outcomes: (ProduceOutcome | undefined)[][];
  #undecided = 0;
  #isSettled = false;
  #deadline: Deadline | undefined;

  constructor(
    request: ProduceRequest,
    typed: TypedExchange<ProduceResponse>,
    context: HandlerContext,
  ) {
    this.#request = request;
    this.#typed = typed;
    this.#context = context;
    this.#outcomes = request.topicData.map(({ partitionData }) => {
      this.#undecided += partitionData.length;
      return partitionData.map(() => undefined);
    });
  }

  start(): void {
    this.#request.topicData.forEach(({ name, partitionData }, topic) => {
      partitionData.forEach((data, index) => this.#produce(name, data, { topic, index }));
    });
    this.#settleIfDecided();
    if (this.#isSettled) return;
    const { deadlines, now } = this.#context;
    const expiry = monotonicMs(now() + Math.max(this.#request.timeoutMs, 0));
    const deadline = deadlines.add(expiry, () => this.#expire());
    this.#deadline = deadline;
    this.#typed.exchange.onAbandoned(() => {
      deadlines.cancel(deadline);
      this.#isSettled = true;
    });
  }

  #produce(
    topic: string,
    data: ProduceRequestPartition,
    place: { readonly topic: number; readonly index: number },
  ): void {
    const checked = this.#check(topic, data);
    const decide = (outcome: ProduceOutcome): void => {
      const outcomes = this.#outcomes[place.topic] ?? [];
      outcomes[place.index] = outcome;
      this.#undecided--;
      this.#settleIfDecided();
    };
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

  #expire(): void {
    for (const outcomes of this.#outcomes) {
      for (const [index, outcome] of outcomes.entries()) {
        outcomes[index] = outcome ?? fail('REQUEST_TIMED_OUT');
      }
    }
    this.#undecided = 0;
    this.#settleIfDecided();
  }

  #settleIfDecided(): void {
    if (this.#undecided > 0 || this.#isSettled) return;
    this.#isSettled = true;
    if (this.#deadline !== undefined) this.#context.deadlines.cancel(this.#deadline);
    if (this.#request.acks !== 0) return this.#typed.reply(this.#response());
    const hasFailed = this.#outcomes.some((outcomes) => outcomes.some((outcome) => !outcome?.ok));
    if (hasFailed) return this.#typed.exchange.close('a Produce with acks 0 failed');
    return this.#typed.exchange.settle(undefined);
  }

  #response(): ProduceResponse {
    const responses = this.#request.topicData.map(({ name, partitionData }, topic) => ({
      name,
      partitionResponses: partitionData.map(({ index }, place) =>
        partitionResponse(index, this.#outcomes[topic]?.[place]),
      ),
    }));
    return { responses, throttleTimeMs: 0, nodeEndpoints: [] };
  }
}

function partitionResponse(
  index: number,
  outcome: ProduceOutcome | undefined,
): ProduceResponsePartition {
  const same = { index, logAppendTimeMs: -1, recordErrors: [], currentLeader: null };
  if (outcome?.ok === true) {
    const { baseOffset, logStartOffset } = outcome;
    return { ...same, errorCode: 0, baseOffset, logStartOffset, errorMessage: null };
  }
  const error = outcome?.error ?? 'UNKNOWN_SERVER_ERROR';
  const { text } = errorRow(error);
  return {
    ...same,
    errorCode: kafkaCodeOf(error),
    baseOffset: -1,
    logStartOffset: -1,
    errorMessage: text,
  };
}
