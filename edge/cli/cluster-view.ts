import type { ClusterNodeStatus, ClusterStatus } from '../../src/core/cluster-status.ts';
import type { NodeStatus, PartitionStatus } from '../../src/core/node-status.ts';

/** What one or several nodes of a cluster said, put together. */
export interface ClusterView {
  readonly health: NodeStatus['health'];
  /** As the first of them sees it; undefined: a cluster of one. */
  readonly cluster: ClusterStatus | undefined;
  /** Each once, as its leader sees it where the leader was asked. */
  readonly partitions: readonly PartitionStatus[];
}

const healths = ['ok', 'degraded', 'failing'] as const;

/** Puts answers together. Nodes that did not answer make a cluster degraded. */
export function clusterView(
  answers: readonly [NodeStatus, ...NodeStatus[]],
  unanswered = 0,
): ClusterView {
  const worst = Math.max(...answers.map(({ health }) => healths.indexOf(health)));
  const known = Math.max(worst, unanswered > 0 ? 1 : 0);
  return {
    health: healths[known] ?? 'failing',
    cluster: answers[0].cluster,
    partitions: mergedPartitions(answers),
  };
}

function mergedPartitions(answers: readonly NodeStatus[]): PartitionStatus[] {
  const merged = new Map<string, PartitionStatus>();
  for (const { partitions } of answers) {
    for (const partition of partitions) {
      const key = `${partition.topicId} ${partition.partition}`;
      const known = merged.get(key);
      if (known === undefined || knowsMore(partition, known)) merged.set(key, partition);
    }
  }
  return [...merged.values()];
}

/** The newest leader; else whoever is in the newest leader epoch. */
function knowsMore(a: PartitionStatus, b: PartitionStatus): boolean {
  if (a.leaderEpoch !== b.leaderEpoch) return a.leaderEpoch > b.leaderEpoch;
  return a.role === 'leader' && b.role !== 'leader';
}

/** What an operator should do, a sentence each; empty: nothing. */
export function clusterAdvice({ cluster, partitions }: ClusterView): readonly string[] {
  if (cluster === undefined) return [];
  const missing = cluster.nodes.filter(({ state }) => state !== 'self' && state !== 'connected');
  return [
    ...stateAdvice(cluster, missing),
    ...missing.map(nodeAdvice),
    ...leaderlessAdvice(
      partitions,
      missing.length > 0 && missing.length === cluster.nodes.length - 1,
    ),
    ...riskAdvice(cluster, partitions, missing),
  ];
}

function stateAdvice({ state }: ClusterStatus, missing: readonly ClusterNodeStatus[]): string[] {
  if (state === 'member') return [];
  if (state === 'waiting') {
    return [
      'This node is empty and the cluster exists: `shorelog join` adds a new node, `shorelog rejoin` ' +
        'brings back one whose disk was lost or replaced.',
    ];
  }
  if (missing.length === 0) return ['Every listed node has answered: the cluster begins.'];
  const ids = missing.map(({ id }) => id).join(', ');
  return [`The cluster begins once every listed node has answered; it waits for node ${ids}.`];
}

function nodeAdvice({ id, state, silentMs, lastError, address }: ClusterNodeStatus): string {
  if (state === 'stranger') return `Node ${id} is refused: ${lastError ?? 'no reason was given'}.`;
  if (state === 'givenUp') {
    return (
      `Node ${id} was given up by \`shorelog promote\`: to bring it back, start it with an empty ` +
      'data directory and run `shorelog rejoin` on it.'
    );
  }
  if (state === 'refusing') {
    return `Node ${id} does not run, but its machine answers at ${address}: start it there.`;
  }
  const since = silentMs === undefined ? 'since this node started' : `for ${spanText(silentMs)}`;
  const why = lastError === undefined ? '' : ` (${lastError})`;
  return `Node ${id} was not heard ${since}${why}: look after its power, its network and ${address}.`;
}

function leaderlessAdvice(partitions: readonly PartitionStatus[], isLast: boolean): string[] {
  const count = partitions.filter(({ leader }) => leader === undefined).length;
  if (count === 0) return [];
  const who = count === 1 ? '1 partition has' : `${count} partitions have`;
  return [
    `${who} no leader and take nothing in: a majority of their voters must be back.`,
    ...(isLast
      ? ['If no other node comes back, `shorelog promote` lets this one go on alone.']
      : []),
  ];
}

function riskAdvice(
  cluster: ClusterStatus,
  partitions: readonly PartitionStatus[],
  missing: readonly ClusterNodeStatus[],
): string[] {
  const atRisk = partitions.filter((partition) => partition.atRisk);
  if (atRisk.length === 0) return [];
  const who = atRisk.length === 1 ? '1 partition stops' : `${atRisk.length} partitions stop`;
  return [`${who} with one more loss: ${remedy(cluster, atRisk, missing)}.`];
}

function remedy(
  { nodes }: ClusterStatus,
  atRisk: readonly PartitionStatus[],
  missing: readonly ClusterNodeStatus[],
): string {
  if (missing.length > 0) return `bring back node ${missing.map(({ id }) => id).join(', ')}`;
  const behind = new Set(
    atRisk.flatMap(({ replicas, inSync }) => replicas.filter((id) => !inSync.includes(id))),
  );
  const isWitness = (id: number): boolean =>
    nodes.some((node) => node.id === id && node.role === 'witness');
  const lagging = [...behind].filter((id) => !isWitness(id));
  if (lagging.length > 0) return `wait until node ${lagging.join(', ')} has caught up`;
  return 'two voters cannot do without one of them, so add a third data node or a witness';
}

/** `0.4 s`, `75 s`, `12 min`, `5 h`, `3 days`. */
export function spanText(ms: number): string {
  const seconds = ms / 1_000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}
