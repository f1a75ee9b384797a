import { monotonicMs, type MonotonicMs, type Uuid } from '../../base/brand.ts';
import { errorRow, kafkaCodeOf } from '../../base/errors.ts';
import { isInternalTopicName } from '../../base/topic-name.ts';
import { checkProducedBatch } from '../../wire/kafka/batch-check.ts';
import type {
  PeerProduceRequest,
  PeerProduceRequestPartition,
  PeerProduceResponse,
  PeerProduceResponsePartition,
} from '../../wire/kafka/generated/00-peer-produce.ts';
import type { Done, ProduceOutcome } from '../kafka/broker-view.ts';
import type { Deadlines } from '../kafka/deadlines.ts';
import type { PeerExchange } from './peer-handler.ts';
import type { PeerReplica } from './peer-replica.ts';

/** Appends one checked batch and answers when it is committed (C5), or refused. */
export type ProducePort = (
  topicId: Uuid,
  partition: number,
  batch: Uint8Array,
  done: Done<ProduceOutcome>,
) => void;

export interface ProduceAnswersOptions {
  readonly find: (topicId: Uuid, partition: number) => PeerReplica | undefined;
  readonly produce: ProducePort;
  readonly batchBytesMax: number;
  readonly deadlines: Deadlines;
  readonly now: () => MonotonicMs;
}

/**
 * Takes batches that other nodes send because this one leads their partitions, internal topics too.
 * A partition that is not led here is answered with whom this node takes for its leader.
 */
export class ProduceAnswers {
  readonly #options: ProduceAnswersOptions;

  constructor(options: ProduceAnswersOptions) {
    this.#options = options;
  }

  produce(request: PeerProduceRequest, typed: PeerExchange<PeerProduceResponse>): void {
    const { deadlines, now } = this.#options;
    let missing = 1;
    const responses = request.topicData.map(({ name, topicId, partitionData }) => {
      missing += partitionData.length;
      const partitionResponses = partitionData.map(({ index }) =>
        this.#answerOf(topicId, index, { ok: false, error: 'REQUEST_TIMED_OUT' }),
      );
      return { name, topicId, partitionResponses };
    });
    const send = (): void => {
      deadlines.cancel(deadline);
      // Settled once: what comes later finds the exchange closed.
      typed.reply({ responses, throttleTimeMs: 0 });
    };
    const answered = (): void => {
      missing--;
      if (missing === 0) send();
    };
    const until = monotonicMs(now() + Math.max(request.timeoutMs, 0));
    const deadline = deadlines.add(until, send);
    typed.exchange.onAbandoned(() => deadlines.cancel(deadline));
    request.topicData.forEach(({ topicId, partitionData }, topic) => {
      partitionData.forEach((data, place) =>
        this.#append(topicId, data, (outcome) => {
          const answers = responses[topic]?.partitionResponses;
          if (answers !== undefined) answers[place] = this.#answerOf(topicId, data.index, outcome);
          answered();
        }),
      );
    });
    answered();
  }

  #append(
    topicId: Uuid,
    { index, records }: PeerProduceRequestPartition,
    done: Done<ProduceOutcome>,
  ): void {
    const found = this.#options.find(topicId, index);
    if (found === undefined) return done({ ok: false, error: 'UNKNOWN_TOPIC_ID' });
    if (records === null) return done({ ok: false, error: 'INVALID_RECORD' });
    const checked = checkProducedBatch(records, this.#options.batchBytesMax);
    if (!checked.ok) return done(checked);
    // Every node reads these: one that was stored and cannot be read would end them all.
    const isReadable = checked.value.codec === 0 || !isInternalTopicName(found.topic);
    if (!isReadable) return done({ ok: false, error: 'INVALID_RECORD' });
    return this.#options.produce(topicId, index, records, done);
  }

  #answerOf(topicId: Uuid, index: number, outcome: ProduceOutcome): PeerProduceResponsePartition {
    const same = { index, logAppendTimeMs: -1, recordErrors: [] };
    if (outcome.ok) {
      const { baseOffset, logStartOffset } = outcome;
      const none = { errorCode: 0, errorMessage: null, currentLeader: null };
      return { ...same, ...none, baseOffset, logStartOffset };
    }
    const { text } = errorRow(outcome.error);
    return {
      ...same,
      ...{ errorCode: kafkaCodeOf(outcome.error), baseOffset: -1, logStartOffset: -1 },
      ...{ errorMessage: text, currentLeader: this.#leaderOf(topicId, index, outcome) },
    };
  }

  #leaderOf(
    topicId: Uuid,
    index: number,
    { error }: Extract<ProduceOutcome, { readonly ok: false }>,
  ): PeerProduceResponsePartition['currentLeader'] {
    if (error !== 'NOT_LEADER_OR_FOLLOWER') return null;
    const found = this.#options.find(topicId, index)?.replica;
    if (found === undefined) return null;
    return { leaderId: found.leaderId ?? -1, leaderEpoch: found.leaderEpoch };
  }
}
