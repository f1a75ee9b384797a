import { expect, it } from 'vitest';
import { ClusterState } from '../../../../src/core/cluster/cluster-state.ts';
import { knownMembers } from '../../../../src/core/cluster/known-members.ts';
import type { ClusterMember } from '../../../../src/core/cluster/place-topic.ts';
import type { NodeFacts } from '../../../../src/core/peer/node-facts.ts';
import type { Voter } from '../../../../src/core/replica/voter-set.ts';
import { zeroUuid } from '../../../../src/wire/kafka/protocol-reader.ts';
import { encodeGivenUp } from '../../../../src/wire/state/promotion-codec.ts';
import { encodeMember, encodeTopic } from '../../../../src/wire/state/state-codec.ts';
import { admissionWorld } from './admission-world.ts';

const { disk, node, topic } = admissionWorld;
const clusterId = disk(9, 9);

const voter = ({ nodeId, directoryId, isWitness }: ClusterMember): Voter => ({
  ...{ nodeId, directoryId, role: isWitness ? 'witness' : 'data' },
});
const says = (member: ClusterMember, more: Partial<NodeFacts> = {}): NodeFacts => ({
  ...{ clusterName: 'plant', clusterId, startCounter: 1, startIds: [], formerDirectoryIds: [] },
  ...{ peers: [], clusterTopicId: disk(8, 8), version: '1', ...member, ...more },
});

/** Three vote on `__cluster`. */
function newWorld(wanted: readonly ClusterMember[] = []) {
  const cluster = new ClusterState();
  const placed = topic('sensors', 1, { assignments: [wanted] });
  cluster.apply('topic/sensors', encodeTopic(placed));
  const voters = [node(1), node(2), node(3)].map(voter);
  const known = (...introduced: NodeFacts[]) =>
    knownMembers({ clusterId, voters, cluster, introduced });
  return { cluster, known };
}

it('counts who was born with the cluster and does not vote on `__cluster`', () => {
  const { known } = newWorld();
  expect(known()).toEqual([node(1), node(2), node(3)]);
  expect(known(says(node(4)), says(node(5, true)))).toEqual([
    ...[node(1), node(2), node(3), node(4), node(5, true)],
  ]);
  // It waits beside the cluster: `join` lets it in.
  expect(known(says(node(4), { clusterId: zeroUuid }))).toHaveLength(3);
});

it('counts one that is away and is to keep a copy, and believes that before what is said', () => {
  const { known } = newWorld([node(1), node(4), node(5, true)]);
  expect(known()).toEqual([node(1), node(2), node(3), node(4)]);
  const renewed = says(node(4, false, 1), { formerDirectoryIds: [disk(4)] });
  expect(known(renewed)[3]).toEqual(node(4));
});

it('goes by the record where there is one', () => {
  const { cluster, known } = newWorld([node(1), node(4)]);
  cluster.apply('node/4', encodeMember(node(4, false, 1)));
  cluster.apply('node/2', encodeMember(node(2, false, 1)));
  expect(known(says(node(4)), says(node(2)))).toEqual([
    ...[node(1), node(2, false, 1), node(3), node(4, false, 1)],
  ]);
});

it('does not count a disk that was given up (V5)', () => {
  const { cluster, known } = newWorld([node(1), node(4)]);
  const givenUp = encodeGivenUp({ nodeId: 4, promotionId: 'p', atMs: 1 });
  cluster.apply(`given-up/${disk(4)}`, givenUp);
  expect(known()).toHaveLength(3);
  expect(known(says(node(4)))).toHaveLength(3);
  expect(known(says(node(4, false, 1), { formerDirectoryIds: [disk(4)] }))).toHaveLength(3);
});
