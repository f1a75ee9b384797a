import type { ClusterStatus } from '../src/core/cluster-status.ts';
import type { ReplicationCounters } from '../src/core/node-options.ts';
import type { PartitionStatus } from '../src/core/node-status.ts';
import type { MetricSample } from '../src/ports/metric-sample.ts';
import { metric } from './metric.ts';
import type { PeerFacts } from './peer-executor.ts';

const { counter, gauge } = metric;

/** Sockets between nodes, and who was refused or closed. */
export function peerMetrics({ connections, links, listener, outgoing }: PeerFacts): MetricSample[] {
  const closed = (reason: string, value: number): MetricSample =>
    counter('peer_connections_closed_total', 'Closed by this node, by reason.', value, { reason });
  return [
    gauge('peer_connections', 'Open connections of other nodes.', connections),
    gauge('peer_links', 'Open connections to other nodes.', links),
    counter('peer_links_opened_total', 'Connections made to other nodes.', outgoing.opened),
    counter('peer_links_failed_total', 'Attempts that came to nothing.', outgoing.failed),
    counter(
      'peer_strangers_refused_total',
      'Connections that were not let in.',
      listener.strangers,
    ),
    counter('peer_connections_refused_total', 'No place was left.', listener.refused),
    closed('displaced', listener.closedSilent),
    closed('slow', listener.closedUndrained + outgoing.closedUndrained),
  ];
}

/** What this node knows of the others, and its followers' lag. */
export function clusterMetrics(
  { nodes }: ClusterStatus,
  partitions: readonly PartitionStatus[],
): MetricSample[] {
  const others = nodes.filter(({ state }) => state !== 'self');
  return [
    ...others.map(({ id, state }) =>
      gauge('peer_up', '1 while the node answers.', state === 'connected' ? 1 : 0, { node: id }),
    ),
    ...partitions.flatMap(followerMetrics),
  ];
}

/** Since the start, over all partitions. */
export function replicationMetrics(counters: ReplicationCounters): MetricSample[] {
  const inSync = (change: string, value: number): MetricSample =>
    counter('in_sync_changes_total', 'In partitions led here.', value, { change });
  return [
    counter('elections_won_total', 'Leader epochs that this node began.', counters.electionsWon),
    counter('leader_changes_total', 'Known here; to none, too.', counters.leaderChanges),
    inSync('left', counters.inSyncLeft),
    inSync('entered', counters.inSyncEntered),
  ];
}

/** Of the partitions that this node leads. */
function followerMetrics({ topic, partition, ...at }: PartitionStatus): MetricSample[] {
  const labels = { topic, partition };
  if (at.followers === undefined) return [];
  return [
    gauge('in_sync_replicas', 'Copies that keep up, the leader too.', at.inSync.length, labels),
    gauge('partition_at_risk', '1 while one more loss stops it.', at.atRisk ? 1 : 0, labels),
    ...at.followers.map(({ nodeId, lag }) =>
      gauge('follower_lag_offsets', 'Not persisted there.', lag, { ...labels, node: nodeId }),
    ),
  ];
}
