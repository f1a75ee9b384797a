import { expect, it } from 'vitest';
import { monotonicMs, timestampMs, uuid } from '../../../../src/base/brand.ts';
import { ClusterState, clusterTopicName } from '../../../../src/core/cluster/cluster-state.ts';
import { clusterMembers } from '../../../../src/core/cluster/admission.ts';
import { WantedVoters } from '../../../../src/core/cluster/wanted-voters.ts';
import { PartitionTable } from '../../../../src/core/partition-table.ts';
import type { Voter, VoterSet } from '../../../../src/core/replica/voter-set.ts';
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
  const voters = (): readonly Voter[] => partition.voters?.voters ?? [];
  const world = { told, join, isPromoting: false };
  const wanted = new WantedVoters({
    ...{ partitions, cluster, now, isPromoting: () => world.isPromoting },
    members: () => clusterMembers(voters(), cluster.members()),
  });
  return Object.assign(world, { wanted });
}

it('wants every node that joined to vote on __cluster, up to three', () => {
  const { told, join, wanted } = newWorld();
  wanted.membersChanged();
  for (const nodeId of [2, 3, 4]) join(nodeId);
  wanted.membersChanged();
  expect(told.map((ids) => ids.toSorted((a, b) => a - b))).toEqual([[1], [1, 2, 3]]);
});

it('wants nobody else to vote on __cluster before that says who is given up (V5)', () => {
  const world = newWorld();
  world.join(2);
  world.isPromoting = true;
  world.wanted.membersChanged();
  expect(world.told).toEqual([]);
  world.isPromoting = false;
  world.wanted.membersChanged();
  expect(world.told).toHaveLength(1);
});
