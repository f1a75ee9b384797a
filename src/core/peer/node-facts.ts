import type { Uuid } from '../../base/brand.ts';
import type {
  IntroduceRequest,
  IntroduceResponse,
} from '../../wire/kafka/generated/10000-introduce.ts';
import { zeroUuid } from '../../wire/kafka/protocol-reader.ts';

/** One entry of the config's `cluster.peers`. */
export interface PeerNode {
  readonly nodeId: number;
  readonly isWitness: boolean;
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

/** Why two nodes have nothing to say to each other; undefined: they may talk. */
export function factsRefusal(own: NodeFacts, other: NodeFacts): string | undefined {
  const who = `node ${other.nodeId}`;
  if (other.clusterName !== own.clusterName) {
    return `${who} is of cluster ${other.clusterName}, not of ${own.clusterName}`;
  }
  if (other.nodeId === own.nodeId) return `${who} has the same number as this node`;
  if (other.directoryId === own.directoryId) {
    return `${who} runs on a copy of this node's data directory: ${beginEmpty}`;
  }
  if (!own.peers.some(({ nodeId }) => nodeId === other.nodeId)) {
    return `${who} is not listed in cluster.peers`;
  }
  if (isBorn(own) && isBorn(other)) {
    const isSame = own.clusterId === other.clusterId;
    return isSame ? undefined : `${who} belongs to another cluster that has the same name`;
  }
  // Afterwards the list is an address book (V2).
  const isBirth = !isBorn(own) && !isBorn(other);
  return isBirth && !areSamePeers(own, other) ? `${who} lists other cluster.peers` : undefined;
}

function areSamePeers(a: NodeFacts, b: NodeFacts): boolean {
  if (a.peers.length !== b.peers.length) return false;
  return a.peers.every(({ nodeId, isWitness }) =>
    b.peers.some((each) => each.nodeId === nodeId && each.isWitness === isWitness),
  );
}

/** Those of a request, without its purpose. */
export function factsOf(request: IntroduceRequest | IntroduceResponse): NodeFacts {
  const { clusterName, clusterId, nodeId, directoryId, startCounter } = request;
  const { isWitness, peers, clusterTopicId, version } = request;
  return {
    ...{ clusterName, clusterId, nodeId, directoryId, startCounter },
    ...{ isWitness, peers, clusterTopicId, version },
  };
}

/** A node's whole answer. */
export function introductionOf(response: IntroduceResponse): Introduction {
  const { clusterLeaderId, clusterLeaderEpoch, clusterVoters } = response;
  return { ...factsOf(response), clusterLeaderId, clusterLeaderEpoch, clusterVoters };
}
