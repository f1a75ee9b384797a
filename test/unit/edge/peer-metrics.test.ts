import { expect, it } from 'vitest';
import { clusterMetrics, peerMetrics, replicationMetrics } from '../../../edge/peer-metrics.ts';
import type { ClusterStatus } from '../../../src/core/cluster-status.ts';
import type { PartitionStatus } from '../../../src/core/node-status.ts';
import type { MetricSample } from '../../../src/ports/metric-sample.ts';

const values = (samples: readonly MetricSample[]): Record<string, unknown> =>
  Object.fromEntries(
    samples.map((sample) => {
      const labels = 'value' in sample ? Object.values(sample.labels ?? {}) : [];
      return [[sample.name, ...labels].join(' '), 'value' in sample ? sample.value : undefined];
    }),
  );

it('counts sockets between nodes', () => {
  const samples = peerMetrics({
    ...{ connections: 1, links: 2 },
    listener: { refused: 3, closedSilent: 4, closedUndrained: 5, strangers: 6 },
    outgoing: { opened: 7, failed: 8, closedUndrained: 9 },
  });
  expect(values(samples)).toEqual({
    peer_connections: 1,
    peer_links: 2,
    peer_links_opened_total: 7,
    peer_links_failed_total: 8,
    peer_strangers_refused_total: 6,
    peer_connections_refused_total: 3,
    'peer_connections_closed_total displaced': 4,
    'peer_connections_closed_total slow': 14,
  });
});

it('tells who is up, and how far followers are, where this node leads', () => {
  const cluster: ClusterStatus = {
    ...{ name: 'p', state: 'member' },
    nodes: [
      { id: 1, role: 'data', address: 'a:1', state: 'self' },
      { id: 2, role: 'data', address: 'b:1', state: 'connected' },
      { id: 3, role: 'data', address: 'c:1', state: 'refusing' },
    ],
  };
  const followed: PartitionStatus = {
    ...{ topic: 't', topicId: 'i', partition: 1, role: 'follower', leader: 2, leaderEpoch: 1 },
    ...{ logStartOffset: 0, logEndOffset: 9, highWatermark: 9 },
    ...{ replicas: [1, 2, 3], inSync: [], atRisk: false },
  };
  const led: PartitionStatus = {
    ...{ ...followed, partition: 0, role: 'leader', leader: 1, inSync: [1, 2], atRisk: true },
    followers: [
      { nodeId: 2, role: 'data', isInSync: true, persistedOffset: 9, lag: 0 },
      { nodeId: 3, role: 'data', isInSync: false, persistedOffset: 2, lag: 7 },
    ],
  };
  expect(values(clusterMetrics(cluster, [led, followed]))).toEqual({
    'peer_up 2': 1,
    'peer_up 3': 0,
    'in_sync_replicas t 0': 2,
    'partition_at_risk t 0': 1,
    'follower_lag_offsets t 0 2': 0,
    'follower_lag_offsets t 0 3': 7,
  });
});

it('counts elections and who falls out of sync and comes back', () => {
  const counters = { electionsWon: 1, leaderChanges: 2, inSyncLeft: 3, inSyncEntered: 4 };
  expect(values(replicationMetrics(counters))).toEqual({
    elections_won_total: 1,
    leader_changes_total: 2,
    'in_sync_changes_total left': 3,
    'in_sync_changes_total entered': 4,
  });
});
