import type { Config } from './config.ts';

/** How many nodes of each role the config names. */
export interface ClusterNodes {
  readonly dataNodes: number;
  readonly witnesses: number;
}

/** Without `cluster`: one data node. */
export function clusterNodes({ cluster }: Pick<Config, 'cluster'>): ClusterNodes {
  if (cluster === undefined) return { dataNodes: 1, witnesses: 0 };
  const dataNodes = cluster.peers.filter(({ role }) => role === 'data').length;
  return { dataNodes, witnesses: cluster.peers.length - dataNodes };
}

/** This node keeps no records and serves no clients (V3). */
export const isWitness = ({ cluster, node }: Pick<Config, 'cluster' | 'node'>): boolean =>
  cluster?.peers.some(({ id, role }) => id === node.id && role === 'witness') === true;

/** Where this node's peers connect, as text; undefined without `cluster`. */
export const peerListen = ({
  cluster,
  node,
}: Pick<Config, 'cluster' | 'node'>): string | undefined =>
  cluster?.listen ?? cluster?.peers.find(({ id }) => id === node.id)?.peer;

/** `replicas: auto` (C3): all data nodes, at most 3. */
export const autoReplicas = ({ dataNodes }: ClusterNodes): number =>
  Math.max(1, Math.min(autoReplicasMax, dataNodes));

/**
 * `minInsyncReplicas: auto` (C3): one copy with one or two replicas, two with three; half of them,
 * rounded up. A majority has to have it in any case.
 */
export const autoMinInsync = (replicas: number): number => Math.ceil(replicas / 2);

const autoReplicasMax = 3;
