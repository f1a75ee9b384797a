import { utf8Encode } from '../../base/bytes.ts';
import type { Uuid } from '../../base/brand.ts';
import { limits } from '../../base/limits.ts';
import type { ViewChange } from '../../ports/state-view.ts';
import { zeroUuid } from '../../wire/kafka/protocol-reader.ts';
import { encodeMember, encodeTopic, type TopicValue } from '../../wire/state/state-codec.ts';
import type { Voter } from '../replica/voter-set.ts';
import { clusterKeys, type ClusterState } from './cluster-state.ts';
import type { ClusterMember } from './place-topic.ts';
import { replan } from './replan.ts';

/** What the leader of `__cluster` commits for an operator, or why it does not. */
export type Admission =
  | { readonly ok: true; readonly changes: readonly ViewChange[] }
  | { readonly ok: false; readonly text: string };

/** What it decides on: as of this turn, all that is committed applied. */
export interface AdmissionView {
  readonly members: readonly ClusterMember[];
  readonly cluster: ClusterState;
  /** The leader that decides. */
  readonly self: ClusterMember;
}

/**
 * The nodes of the cluster, each with the disk that counts: voters of `__cluster`, and what its
 * records say beyond them.
 */
export function clusterMembers(
  voters: readonly Voter[],
  recorded: Iterable<ClusterMember>,
): ClusterMember[] {
  const members = new Map<number, ClusterMember>();
  for (const { nodeId, directoryId, role } of voters) {
    members.set(nodeId, { nodeId, directoryId, isWitness: role === 'witness' });
  }
  for (const member of recorded) members.set(member.nodeId, member);
  return [...members.values()].sort((a, b) => a.nodeId - b.nodeId);
}

/**
 * `shorelog join`: a node with an empty disk becomes part of the cluster, and topics get replicas
 * on it. Asked again it changes nothing.
 */
export function admit(newcomer: ClusterMember, view: AdmissionView): Admission {
  const { members } = view;
  const { nodeId, directoryId } = newcomer;
  const known = members.find((member) => member.nodeId === nodeId);
  if (known?.directoryId === directoryId) return { ok: true, changes: [] };
  if (known !== undefined) {
    return refuse(
      `Node ${nodeId} is part of the cluster with another data directory. If that one is lost, ` +
        'run `shorelog rejoin`.',
    );
  }
  const twin = members.find((member) => member.directoryId === directoryId);
  if (twin !== undefined) {
    return refuse(`The data directory is a copy of that of node ${twin.nodeId}: begin with none.`);
  }
  if (members.length >= limits.clusterNodesMax) {
    return refuse(`The cluster has ${limits.clusterNodesMax} nodes, and no more can join.`);
  }
  return { ok: true, changes: memberChanges(newcomer, [...members, newcomer], view) };
}

/**
 * `shorelog rejoin`: a known node comes with another data directory; the one before counts no more,
 * and its voters are replaced one by one (V4). `replaced`: a disk that gave up its id asks by
 * itself, and only for the place of that id; zero: whichever it is.
 */
export function readmit(returning: ClusterMember, replaced: Uuid, view: AdmissionView): Admission {
  const { members, self } = view;
  const { nodeId, directoryId, isWitness } = returning;
  const known = members.find((member) => member.nodeId === nodeId);
  // After a promotion it is none of the nodes until it comes back (V5).
  if (known === undefined && view.cluster.promotions.isNodeGivenUp(nodeId)) {
    return admit(returning, view);
  }
  if (known === undefined) {
    return refuse(`Node ${nodeId} is not part of the cluster: run \`shorelog join\`.`);
  }
  if (known.directoryId === directoryId) return { ok: true, changes: [] };
  if (replaced !== zeroUuid && known.directoryId !== replaced) {
    return refuse(`Node ${nodeId} has come back with another data directory meanwhile.`);
  }
  if (nodeId === self.nodeId) return refuse(`Node ${nodeId} is running with its own disk.`);
  if (known.isWitness !== isWitness) {
    const role = known.isWitness ? 'a witness' : 'a data node';
    return refuse(`Node ${nodeId} is ${role} of the cluster; its config says otherwise.`);
  }
  const others = members.filter((member) => member.nodeId !== nodeId);
  const twin = others.find((member) => member.directoryId === directoryId);
  if (twin !== undefined) {
    return refuse(`The data directory is a copy of that of node ${twin.nodeId}: begin with none.`);
  }
  return {
    ok: true,
    changes: memberChanges(returning, [...others, returning], view),
  };
}

function memberChanges(
  member: ClusterMember,
  members: readonly ClusterMember[],
  { cluster, self }: AdmissionView,
): ViewChange[] {
  const key = utf8Encode(clusterKeys.member(member.nodeId));
  const change = { key, value: encodeMember(member) };
  return [change, ...replanChanges(members, { cluster, self })];
}

/** The records of all topics whose replicas go elsewhere with these members. */
export function replanChanges(
  members: readonly ClusterMember[],
  { cluster, self }: Pick<AdmissionView, 'cluster' | 'self'>,
): ViewChange[] {
  const topics = new Map([...cluster.topics()].map((topic) => [topic.name, topic]));
  const changes: ViewChange[] = [];
  for (const topic of cluster.topics()) {
    const next = replan(topic, members, topics.values(), self);
    if (next === undefined) continue;
    topics.set(next.name, next);
    changes.push(topicChange(next));
  }
  return changes;
}

const topicChange = (topic: TopicValue): ViewChange => ({
  key: utf8Encode(clusterKeys.topic(topic.name)),
  value: encodeTopic(topic),
});

const refuse = (text: string): Admission => ({ ok: false, text });
