import type { MonotonicMs } from '../../base/brand.ts';
import type { ClusterNodeStatus, ClusterStatus } from '../cluster-status.ts';
import { isBorn, type NodeFacts, type PeerNode } from '../peer/node-facts.ts';
import type { Peers } from '../peer/peers.ts';

/** The cluster as a node sees it; where its nodes are is not the core's to know. */
export type ClusterReport = Omit<ClusterStatus, 'nodes'> & {
  readonly nodes: readonly Omit<ClusterNodeStatus, 'address'>[];
};

export interface ClusterReportView {
  readonly own: NodeFacts;
  /** It belongs to no cluster, and there is one that was born without it. */
  readonly isOutside: boolean;
  /** Of `__cluster`. */
  readonly leaderId: number | undefined;
  readonly peers: Peers;
  /** A promotion did without it, and it is no part of the cluster since (V5). */
  readonly isGivenUp: (nodeId: number) => boolean;
  readonly now: MonotonicMs;
}

/** Every listed node, by id, and how it stands with this one. */
export function describeCluster(view: ClusterReportView): ClusterReport {
  const { own, isOutside, leaderId } = view;
  // While it is born some are part of it already, and the others soon will be.
  const unborn = isOutside ? 'waiting' : 'forming';
  return {
    name: own.clusterName,
    state: isBorn(own) ? 'member' : unborn,
    ...(leaderId === undefined ? {} : { leader: leaderId }),
    nodes: own.peers
      .toSorted((a, b) => a.nodeId - b.nodeId)
      .map((node) => (node.nodeId === own.nodeId ? self(own) : describeNode(node, view))),
  };
}

const self = ({ nodeId, isWitness, version }: NodeFacts): ClusterReport['nodes'][number] => ({
  ...{ id: nodeId, role: isWitness ? 'witness' : 'data', state: 'self', version },
});

function describeNode(
  { nodeId: id, isWitness }: PeerNode,
  { peers, isGivenUp, now }: ClusterReportView,
): ClusterReport['nodes'][number] {
  const heardAt = peers.heardAt(id);
  const trouble = peers.troubleWith(id);
  const refusal = peers.refusals().get(id);
  const isConnected = peers.isConnected(id);
  const silent = trouble?.isRefused === true ? 'refusing' : 'away';
  const unknown = refusal === undefined ? silent : 'stranger';
  const apart = isGivenUp(id) ? 'givenUp' : unknown;
  const version = peers.introductions().get(id)?.version;
  const lastError = refusal ?? trouble?.text;
  return {
    ...{ id, role: isWitness ? 'witness' : 'data', state: isConnected ? 'connected' : apart },
    ...(heardAt === undefined ? {} : { silentMs: Math.max(0, Math.round(now - heardAt)) }),
    ...(version === undefined ? {} : { version }),
    ...(isConnected || lastError === undefined ? {} : { lastError }),
  };
}
