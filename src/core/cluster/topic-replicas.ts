import type { Uuid } from '../../base/brand.ts';
import type { AssignmentValue, TopicValue } from '../../wire/state/state-codec.ts';
import type { Voter } from '../replica/voter-set.ts';

/** The replicas of one partition, as the record of its topic names them. */
export const topicReplicas = {
  /**
   * Who votes at the beginning of its log (V1), whatever is wanted since: a replica that begins at
   * offset 0 learns the rest from the log. Undefined: whoever made it alone, before clusters.
   */
  first: (topic: TopicValue, partition: number): readonly Voter[] | undefined =>
    topic.assignments[partition]?.map(({ nodeId, directoryId, isWitness }) => ({
      ...{ nodeId, directoryId: directoryId as Uuid },
      role: isWitness ? 'witness' : 'data',
    })),

  /** Where it shall be, the preferred leader first. Undefined: as above. */
  wanted: (topic: TopicValue, partition: number): AssignmentValue | undefined =>
    topic.wanted?.[partition] ?? topic.assignments[partition],
} as const;
