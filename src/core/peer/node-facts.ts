import type { Uuid } from '../../base/brand.ts';
import type {
  IntroduceRequest,
  IntroduceResponse,
} from '../../wire/kafka/generated/10000-introduce.ts';
import type { ReplicaId } from '../replica/voter-set.ts';
import { zeroUuid } from '../../wire/kafka/protocol-reader.ts';

/** One entry of the config's `cluster.peers`. */
export interface PeerNode {
  readonly nodeId: number;
  readonly isWitness: boolean;
  /** Of this node's own config, for people; not told to others. */
  readonly address?: string;
}

/** Who a node is, as it introduces itself. */
export interface NodeFacts {
  /** The config's `cluster.id`. */
  readonly clusterName: string;
  /** Zero: it is not born (V2). */
  readonly clusterId: Uuid;
  readonly nodeId: number;
  readonly directoryId: Uuid;
  /** Counts the starts of that directory (V4). */
  readonly startCounter: number;
  /** What its last starts drew, the newest last; empty: it says none (V4). */
  readonly startIds: readonly Uuid[];
  /** What that disk was called before it lost its votes, the newest last (V4). */
  readonly formerDirectoryIds: readonly Uuid[];
  readonly isWitness: boolean;
  /** All nodes that its config lists, itself too. */
  readonly peers: readonly PeerNode[];
  /** Topic id of `__cluster`; zero: none. */
  readonly clusterTopicId: Uuid;
  readonly version: string;
}

/** What a node knows of `__cluster`: where a new node finds it. */
export interface ClusterFacts {
  /** -1: unknown. */
  readonly clusterLeaderId: number;
  readonly clusterLeaderEpoch: number;
  readonly clusterVoters: readonly {
    readonly nodeId: number;
    readonly directoryId: Uuid;
    readonly isWitness: boolean;
  }[];
}

/** A node's answer to our introduction. */
export interface Introduction extends NodeFacts, ClusterFacts {}

/** How a node comes back whose disk may not take part as it is (V4, V5). */
export const beginEmpty =
  'stop it, move its data directory away, start it, then run `shorelog rejoin` on it';

/** It belongs to a cluster (V2). */
export const isBorn = (facts: NodeFacts): boolean => facts.clusterId !== zeroUuid;

/** All that a disk was ever called: under a new id it still has what it had (V4). */
export const directoryIdsOf = ({
  directoryId,
  formerDirectoryIds,
}: Pick<NodeFacts, 'directoryId' | 'formerDirectoryIds'>): readonly Uuid[] => [
  ...formerDirectoryIds,
  directoryId,
];

/** It is that disk, or was it before it lost its votes (V4). */
export const isDiskOf = (
  facts: Pick<NodeFacts, 'nodeId' | 'directoryId' | 'formerDirectoryIds'>,
  { nodeId, directoryId }: ReplicaId,
): boolean => nodeId === facts.nodeId && directoryIdsOf(facts).includes(directoryId);

/** Why a disk that a promotion did without takes no part, under whatever id (V5). */
export const givenUpText = ({ nodeId }: NodeFacts): string =>
  `node ${nodeId} was given up by \`shorelog promote\`: ${beginEmpty}`;

/** They are the same start of the same data directory: one process. */
export const isSameProcess = (a: NodeFacts, b: NodeFacts): boolean =>
  a.directoryId === b.directoryId &&
  a.startCounter === b.startCounter &&
  a.startIds.at(-1) === b.startIds.at(-1);

/** Why two nodes have nothing to say to each other; undefined: they may talk. */
export function factsRefusal(own: NodeFacts, other: NodeFacts): string | undefined {
  const who = `node ${other.nodeId}`;
  if (other.clusterName !== own.clusterName) {
    return (
      `${who} is of cluster ${other.clusterName}, not of ${own.clusterName}: ` +
      'cluster.id must be the same on all nodes of a cluster'
    );
  }
  if (other.nodeId === own.nodeId) {
    return `${who} has the same number as this node: give one of them another node.id`;
  }
  if (other.directoryId === own.directoryId) {
    return `${who} runs on a copy of this node's data directory: ${beginEmpty}`;
  }
  if (!own.peers.some(({ nodeId }) => nodeId === other.nodeId)) {
    return `${who} is not listed in cluster.peers of node ${own.nodeId}: add it there, and restart`;
  }
  if (isBorn(own) && isBorn(other)) {
    const isSame = own.clusterId === other.clusterId;
    return isSame ? undefined : otherCluster(who);
  }
  // Afterwards the list is an address book (V2).
  const isBirth = !isBorn(own) && !isBorn(other);
  return isBirth && !areSamePeers(own, other) ? otherPeers(own, other) : undefined;
}

const otherCluster = (who: string): string =>
  `${who} belongs to another cluster that has the same name: move the data directory of the one ` +
  'that is in the wrong place away and start it empty, or give the clusters different cluster.id';

const otherPeers = (own: NodeFacts, other: NodeFacts): string =>
  `node ${other.nodeId} lists other cluster.peers (${peersText(other)}) than node ${own.nodeId} ` +
  `(${peersText(own)}): a cluster begins when all nodes list the same`;

const peersText = ({ peers }: NodeFacts): string =>
  peers
    .toSorted((a, b) => a.nodeId - b.nodeId)
    .map(({ nodeId, isWitness }) => `${nodeId}${isWitness ? ' witness' : ''}`)
    .join(', ');

function areSamePeers(a: NodeFacts, b: NodeFacts): boolean {
  if (a.peers.length !== b.peers.length) return false;
  return a.peers.every(({ nodeId, isWitness }) =>
    b.peers.some((each) => each.nodeId === nodeId && each.isWitness === isWitness),
  );
}

/** The same under the names that Introduce gives them. */
export const saidFacts = ({ version: softwareVersion, ...facts }: NodeFacts) => ({
  ...facts,
  softwareVersion,
});

/** Those of a request, without its purpose. */
export function factsOf(request: IntroduceRequest | IntroduceResponse): NodeFacts {
  const { clusterName, clusterId, nodeId, directoryId, startCounter } = request;
  const { startIds, isWitness, peers, clusterTopicId, softwareVersion: version } = request;
  const { formerDirectoryIds } = request;
  return {
    ...{ clusterName, clusterId, nodeId, directoryId, startCounter },
    ...{ startIds, formerDirectoryIds, isWitness, peers, clusterTopicId, version },
  };
}

/** A node's whole answer. */
export function introductionOf(response: IntroduceResponse): Introduction {
  const { clusterLeaderId, clusterLeaderEpoch, clusterVoters } = response;
  return { ...factsOf(response), clusterLeaderId, clusterLeaderEpoch, clusterVoters };
}
