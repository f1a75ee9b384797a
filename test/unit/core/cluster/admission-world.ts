import { uuid } from '../../../../src/base/brand.ts';
import { utf8Decode } from '../../../../src/base/bytes.ts';
import { present } from '../../../../src/base/assert.ts';
import { clusterMembers, type Admission } from '../../../../src/core/cluster/admission.ts';
import { ClusterState } from '../../../../src/core/cluster/cluster-state.ts';
import type { ClusterMember } from '../../../../src/core/cluster/place-topic.ts';
import { topicReplicas } from '../../../../src/core/cluster/topic-replicas.ts';
import type { Voter } from '../../../../src/core/replica/voter-set.ts';
import {
  encodeTopic,
  unplaced,
  type AssignmentValue,
  type TopicValue,
} from '../../../../src/wire/state/state-codec.ts';

const disk = (nodeId: number, nth = 0) => uuid(`00000000-0000-4000-8000-0000000${nth}00${nodeId}0`);
const node = (nodeId: number, isWitness = false, nth = 0): ClusterMember => ({
  ...{ nodeId, directoryId: disk(nodeId, nth), isWitness },
});
const topic = (name: string, partitions: number, more: Partial<TopicValue> = {}): TopicValue => ({
  ...unplaced,
  ...{ name, topicId: uuid(`0e8f1a52-9a53-4a55-8f30-0f4f6a1e9b0${name.length}`), partitions },
  ...{ internal: false, keepUnforwarded: true, retentionMs: -1, retentionBytes: -1 },
  ...more,
});

const shown = (assignment: AssignmentValue | undefined) =>
  assignment?.map(({ nodeId, isWitness }) => `${isWitness ? 'w' : ''}${nodeId}`).join(' ');

/** A cluster that was one node, with two topics that nobody placed. */
function newCluster(topics = [topic('sensors', 2), topic('logs', 1)]) {
  const cluster = new ClusterState();
  for (const each of topics) cluster.apply(`topic/${each.name}`, encodeTopic(each));
  const voters: Voter[] = [{ nodeId: 1, directoryId: disk(1), role: 'data' }];
  const view = () => ({
    members: clusterMembers(voters, cluster.members()),
    ...{ cluster, self: node(1) },
  });
  const commit = (admission: Admission) => {
    if (!admission.ok) throw new Error(admission.text);
    for (const { key, value } of admission.changes) cluster.apply(utf8Decode(key), value);
    return admission.changes.length;
  };
  const wanted = (name: string) => {
    const value = present(cluster.topic(name), 'a topic');
    return Array.from({ length: value.partitions }, (_, i) =>
      shown(topicReplicas.wanted(value, i)),
    );
  };
  return { cluster, voters, view, commit, wanted };
}

/** Nodes, topics, and the leader of `__cluster` that decides about them. */
export const admissionWorld = { disk, node, topic, shown, newCluster } as const;
