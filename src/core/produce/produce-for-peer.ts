import { clusterTopicName, type ClusterState } from '../cluster/cluster-state.ts';
import type { PartitionTable } from '../partition-table.ts';
import type { ProducePort } from '../peer/produce-answers.ts';

/** What other nodes send for partitions that this one may lead, its batches of `__cluster` too. */
export const produceForPeer =
  (parts: { readonly cluster: ClusterState; readonly partitions: PartitionTable }): ProducePort =>
  (topicId, index, batch, done) => {
    const name = parts.cluster.topicById(topicId)?.name ?? clusterTopicName;
    const partition = parts.partitions.findById(name, topicId, index);
    if (partition === undefined) done({ ok: false, error: 'UNKNOWN_TOPIC_OR_PARTITION' });
    // A late copy of a lost state's first batches must not come in behind later ones (KIP-360).
    else partition.produceOfSession(batch, done);
  };
