import type { AssignmentValue, TopicValue } from '../../wire/state/state-codec.ts';
import { placeTopic, type ClusterMember } from './place-topic.ts';
import { topicReplicas } from './topic-replicas.ts';

/**
 * A topic's record for the members that there are now: replicas stay where they may, as many as it
 * asks for. `maker`: the node that made the topics that nobody placed, when it was alone; it votes
 * first in them. @returns undefined if nothing changes.
 */
export function replan(
  topic: TopicValue,
  members: readonly ClusterMember[],
  others: Iterable<TopicValue>,
  maker: ClusterMember,
): TopicValue | undefined {
  const alone: AssignmentValue = [
    { nodeId: maker.nodeId, directoryId: maker.directoryId, isWitness: false },
  ];
  const { partitions, replicas } = topic;
  const all = Array.from({ length: partitions }, (_, i) => i);
  const first = all.map((i) => topic.assignments[i] ?? alone);
  const present = all.map((i) => topicReplicas.wanted(topic, i) ?? alone);
  const rest = [...others].filter(({ name }) => name !== topic.name).map(asWanted);
  const wanted = placeTopic({ partitions, replicas, present }, members, rest).assignments;
  const isSame = wanted.every((each, i) => isSameSet(each, present[i] ?? []));
  // Nobody placed it: now it is to be known where it is (V1).
  const isPlaced = topic.assignments.length >= partitions;
  return isSame && isPlaced ? undefined : { ...topic, assignments: first, wanted };
}

/**
 * Who shall vote on `__cluster`: at most three data nodes, a witness beside two. All other data
 * nodes follow it as observers.
 */
export function clusterReplicas(
  members: readonly ClusterMember[],
  present: AssignmentValue,
): AssignmentValue {
  const wish = { partitions: 1, replicas: 0, present: [present] };
  return placeTopic(wish, members, []).assignments[0] ?? [];
}

const asWanted = (topic: TopicValue): Pick<TopicValue, 'assignments'> => ({
  assignments: topic.wanted ?? topic.assignments,
});

/** Whoever leads first may be another one: that alone is no reason to write it down. */
function isSameSet(a: AssignmentValue, b: AssignmentValue): boolean {
  return (
    a.length === b.length &&
    a.every((one) =>
      b.some(
        (other) =>
          other.nodeId === one.nodeId &&
          other.directoryId === one.directoryId &&
          other.isWitness === one.isWitness,
      ),
    )
  );
}
