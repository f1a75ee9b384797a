import { expect, it } from 'vitest';
import { nodeStatus } from '../../../edge/node-report.ts';
import type { ClusterStatus, LedStatus } from '../../../src/core/cluster-status.ts';
import { cluster, facts } from './node-facts.ts';

const elsewhere: LedStatus = {
  ...{ topic: 'other', topicId: 'id-2', partition: 3, leader: 2, leaderEpoch: 7 },
  ...{ logStartOffset: 0, logEndOffset: 9, highWatermark: 9, replicas: [2], inSync: [2] },
  ...{ atRisk: false, followers: [] },
};

it('shows what only others keep, and who is in sync there, as their leader told it', () => {
  const { partitions } = nodeStatus(facts(), [elsewhere]);
  expect(partitions.map(({ role }) => role)).toEqual(['leader', 'none']);
  expect(partitions[1]).toMatchObject({ leader: 2, inSync: [2], highWatermark: 9 });
});

it('believes itself of what it leads, unless there is a newer leader', () => {
  const own = nodeStatus(facts(), []).partitions[0];
  if (own === undefined) throw new Error('a partition');
  const told = { ...elsewhere, topicId: own.topicId, partition: own.partition };
  const [same, ...rest] = nodeStatus(facts(), [told]).partitions;
  expect(rest).toEqual([]);
  expect(same).toMatchObject({ role: 'leader', leader: 1, leaderEpoch: own.leaderEpoch });
});

it('is degraded where a node is away or a partition at risk, failing where it is stranded', () => {
  const health = (...args: Parameters<typeof facts>) => nodeStatus(facts(...args), []).health;
  expect(health()).toBe('ok');
  const away = cluster.nodes.map((node) => (node.id === 2 ? { ...node, state: 'away' } : node));
  expect(health({ cluster: { ...cluster, nodes: away as ClusterStatus['nodes'] } })).toBe(
    'degraded',
  );
  expect(nodeStatus(facts(), [{ ...elsewhere, atRisk: true }]).health).toBe('degraded');
  expect(health({}, true)).toBe('failing');
});

it('shows topics in the words of the config, and none that is internal', () => {
  expect(nodeStatus(facts(), []).topics).toEqual([
    {
      ...{ topic: 'sensors', topicId: 'id-1', partitions: 4, replicas: 3 },
      ...{ minInsyncReplicas: 'auto', retentionMs: 'unlimited', retentionBytes: 7 },
      keepUnforwarded: true,
    },
  ]);
});
