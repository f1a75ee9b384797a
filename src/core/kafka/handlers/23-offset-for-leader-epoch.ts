import { leaderEpoch } from '../../../base/brand.ts';
import { kafkaCodeOf } from '../../../base/errors.ts';
import type {
  OffsetForLeaderEpochRequestPartition,
  OffsetForLeaderEpochResponsePartition,
} from '../../../wire/kafka/generated/23-offset-for-leader-epoch.ts';
import { offsetForLeaderEpochCodec } from '../../../wire/kafka/generated/23-offset-for-leader-epoch.ts';
import type { BrokerView } from '../broker-view.ts';
import type { Handler } from '../handler.ts';
import { handlerOf } from '../handler.ts';
import { leaderPartition } from '../partition-check.ts';

/*
 * OffsetForLeaderEpoch v2-4: where a leader epoch ends in this log, for a client that checks for
 * truncation.
 */
export const offsetForLeaderEpochHandler: Handler = handlerOf(
  offsetForLeaderEpochCodec,
  (request, { reply }, { view }) => {
    const topics = request.topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map((asked) => answer(view, topic, asked)),
    }));
    reply({ throttleTimeMs: 0, topics });
  },
);

function answer(
  view: BrokerView,
  topic: string,
  asked: OffsetForLeaderEpochRequestPartition,
): OffsetForLeaderEpochResponsePartition {
  const { partition, currentLeaderEpoch } = asked;
  const none = { errorCode: 0, partition, leaderEpoch: -1, endOffset: -1 };
  const found = leaderPartition(view, { topic, partition, currentLeaderEpoch });
  if (!found.ok) return { ...none, errorCode: kafkaCodeOf(found.error) };
  const end =
    asked.leaderEpoch < 0 ? undefined : found.value.endOffsetOf(leaderEpoch(asked.leaderEpoch));
  return end === undefined ? none : { ...none, ...end };
}
