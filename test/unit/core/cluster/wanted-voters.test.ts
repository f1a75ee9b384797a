import { expect, it } from 'vitest';
import { monotonicMs, timestampMs, uuid } from '../../../../src/base/brand.ts';
import { ClusterState, clusterTopicName } from '../../../../src/core/cluster/cluster-state.ts';
import { WantedVoters } from '../../../../src/core/cluster/wanted-voters.ts';
import { PartitionTable } from '../../../../src/core/partition-table.ts';
import type { VoterSet } from '../../../../src/core/replica/voter-set.ts';
import { encodeMember } from '../../../../src/wire/state/state-codec.ts';
import { emptyLog, newPartition } from '../partition-world.ts';

const disk = (nodeId: number) => uuid(`00000000-0000-4000-8000-00000000000${nodeId}`);

function newWorld() {
  const { partition } = newPartition({ ...emptyLog(), topic: clusterTopicName });
  const partitions = new PartitionTable(false);
  partitions.add(partition);
  const cluster = new ClusterState();
  const now = () => ({ monotonicMs: monotonicMs(0), wallMs: timestampMs(0) });
  const told: number[][] = [];
  partition.replica.wantVoters = ({ voters }: VoterSet) =>
    void told.push(voters.map(({ nodeId }) => nodeId));
  const join = (nodeId: number) =>
    cluster.apply(
      `node/${nodeId}`,
      encodeMember({ nodeId, directoryId: disk(nodeId), isWitness: false }),
    );
  return { told, join, wanted: new WantedVoters({ partitions, cluster, now }) };
}

it('wants every node that joined to vote on __cluster, up to three, and nothing before one did', () => {
  const { told, join, wanted } = newWorld();
  wanted.membersChanged();
  expect(told).toEqual([]);
  for (const nodeId of [2, 3, 4]) join(nodeId);
  wanted.membersChanged();
  expect(told.map((ids) => ids.toSorted((a, b) => a - b))).toEqual([[1, 2, 3]]);
});
