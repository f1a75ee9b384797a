import type { ClusterNetwork } from './cluster-network.ts';
import { LoopbackNetwork } from './loopback-network.ts';
import { NamespaceNetwork } from './namespace-network.ts';

/** Namespaces, or loopback ports where they are not allowed: `cannotCut` says why. */
export const openNetwork = async (
  folder: string,
  ids: readonly number[],
): Promise<ClusterNetwork> => {
  const refusal = NamespaceNetwork.refusal();
  if (refusal === undefined) return NamespaceNetwork.open(folder, ids);
  return LoopbackNetwork.open(ids, refusal);
};
