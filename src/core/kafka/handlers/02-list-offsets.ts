import { timestampMs } from '../../../base/brand.ts';
import type { ErrorCode } from '../../../base/errors.ts';
import { kafkaCodeOf } from '../../../base/errors.ts';
import type {
  ListOffsetsRequestPartition,
  ListOffsetsResponsePartition,
} from '../../../wire/kafka/generated/02-list-offsets.ts';
import { listOffsetsCodec } from '../../../wire/kafka/generated/02-list-offsets.ts';
import type { FindOffsetOutcome, PartitionView } from '../broker-view.ts';
import type { Handler, HandlerContext } from '../handler.ts';
import { handlerOf } from '../handler.ts';
import { leaderPartition } from '../partition-check.ts';

/** Timestamps that are questions. */
const latest = -1;
const earliest = -2;
const newestRecord = -3;

/*
 * ListOffsets v1-7. Latest is the high watermark for both isolation levels, known only once this
 * leader epoch's LeaderChange is committed (C6): 78 until then, 5 for versions that do not have it.
 * So is what asks for the newest record, or for a time after all that is known to be committed.
 * A partition that is named again is refused with 42, as Kafka does: a small request could else ask
 * for any number of searches.
 */
export const listOffsetsHandler: Handler = handlerOf(
  listOffsetsCodec,
  (request, { version, exchange, reply }, context) => {
    const named = new Map<string, Set<number>>();
    const questions = request.topics.flatMap(({ name, partitions }) => {
      const before = named.get(name) ?? new Set();
      named.set(name, before);
      return partitions.map((asked) => {
        const isRepeated = before.has(asked.partitionIndex);
        before.add(asked.partitionIndex);
        return { topic: name, asked, version, isRepeated };
      });
    });
    const answers: ListOffsetsResponsePartition[] = [];
    // One search of the disk at a time: a small request may name very many.
    const advance = (): void => {
      while (answers.length < questions.length) {
        if (exchange.isAbandoned) return;
        const at = answers.length;
        let isSynchronous = true;
        answer(questions[at] as Question, context, (found) => {
          answers.push(found);
          if (!isSynchronous) advance();
        });
        isSynchronous = false;
        if (answers.length === at) return;
      }
      let at = 0;
      const topics = request.topics.map(({ name, partitions }) => ({
        name,
        partitions: answers.slice(at, (at += partitions.length)),
      }));
      reply({ throttleTimeMs: 0, topics });
    };
    advance();
  },
);

interface Question {
  readonly topic: string;
  readonly asked: ListOffsetsRequestPartition;
  readonly version: number;
  readonly isRepeated: boolean;
}

function answer(
  { topic, asked, version, isRepeated }: Question,
  { view }: HandlerContext,
  done: (answer: ListOffsetsResponsePartition) => void,
): void {
  const { partitionIndex, currentLeaderEpoch, timestamp } = asked;
  const none = unknownOffset(partitionIndex);
  const refuse = (error: ErrorCode): void => done({ ...none, errorCode: kafkaCodeOf(error) });
  if (isRepeated) return refuse('INVALID_REQUEST');
  const found = leaderPartition(view, { topic, partition: partitionIndex, currentLeaderEpoch });
  if (!found.ok) return refuse(found.error);
  const log = found.value;
  if (timestamp === earliest) return done({ ...none, offset: log.logStartOffset });
  if (timestamp < newestRecord || (timestamp === newestRecord && version < 7)) {
    return refuse('UNSUPPORTED_VERSION');
  }
  const { isEpochCommitted } = log;
  const notYet = (): void => refuse(version >= 5 ? 'OFFSET_NOT_AVAILABLE' : 'LEADER_NOT_AVAILABLE');
  if (timestamp < 0 && !isEpochCommitted) return notYet();
  if (timestamp === latest) return done(latestOf(none, log));
  return view.findOffset(log, timestampMs(timestamp), (outcome) => {
    // What is sought may lie where the high watermark will be: clients take "none" for the end.
    const isMissing = outcome.ok && outcome.found === undefined;
    return isMissing && !isEpochCommitted ? notYet() : done(foundOf(none, outcome));
  });
}

function latestOf(
  none: ListOffsetsResponsePartition,
  log: PartitionView,
): ListOffsetsResponsePartition {
  return { ...none, offset: log.highWatermark, leaderEpoch: log.leaderEpoch };
}

function foundOf(
  none: ListOffsetsResponsePartition,
  outcome: FindOffsetOutcome,
): ListOffsetsResponsePartition {
  if (!outcome.ok) return { ...none, errorCode: kafkaCodeOf(outcome.error) };
  return { ...none, ...outcome.found };
}

const unknownOffset = (partitionIndex: number): ListOffsetsResponsePartition => ({
  partitionIndex,
  errorCode: 0,
  timestamp: -1,
  offset: -1,
  leaderEpoch: -1,
});
