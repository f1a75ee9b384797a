import { expect, it } from 'vitest';
import { clusterView } from '../../../../edge/cli/cluster-view.ts';
import { printStatus } from '../../../../edge/cli/status-text.ts';
import type { NodeStatus } from '../../../../src/core/node-status.ts';
import { capturedTerminal } from '../../../support/captured-terminal.ts';

const address = (id: number): string => `10.0.0.${id}:9094`;
const status: NodeStatus = {
  health: 'degraded',
  node: { id: 1, version: '0.1.0', clusterId: 'c' },
  cluster: {
    ...{ name: 'plant-7', state: 'member', leader: 1 },
    nodes: [
      { id: 1, role: 'data', address: address(1), state: 'self' },
      { id: 2, role: 'data', address: address(2), state: 'connected', silentMs: 240 },
      {
        ...{ id: 3, role: 'witness', address: address(3), state: 'away', silentMs: 75_000 },
        lastError: 'EHOSTUNREACH',
      },
    ],
  },
  partitions: [
    {
      ...{ topic: 'sensors', topicId: 'id-1', partition: 0, role: 'leader', leader: 1 },
      ...{ leaderEpoch: 3, logStartOffset: 0, logEndOffset: 25, highWatermark: 20 },
      ...{ replicas: [1, 2], inSync: [1], atRisk: true },
      followers: [
        { nodeId: 2, role: 'data', isInSync: false, persistedOffset: 20, lag: 5, silentMs: 240 },
        { nodeId: 3, role: 'witness', isInSync: false, persistedOffset: 0, lag: 25 },
      ],
    },
    {
      ...{ topic: 'sensors', topicId: 'id-1', partition: 1, role: 'follower', leader: 2 },
      ...{ leaderEpoch: 4, logStartOffset: 0, logEndOffset: 7, highWatermark: 7 },
      ...{ replicas: [1, 2], inSync: [], atRisk: false },
    },
  ],
  topics: [],
  mqtt: { connections: 2 },
  clock: { state: 'ok', jumps: 0, lastJumpMs: 0 },
  disk: { usedBytes: 2048, budgetBytes: 1 << 30, droppedRecords: 0, droppedQos0: 0 },
  damaged: [],
  forward: [],
};

it('shows a cluster: its nodes, who is in sync, who lags, and what to do', () => {
  const { terminal, out } = capturedTerminal();
  printStatus(terminal, [status], clusterView([status]));
  expect(out).toEqual([
    'degraded',
    'node 1  version 0.1.0  cluster c',
    'mqtt 2 connections  disk 2.0 KiB of 1.0 GiB',
    '',
    'cluster plant-7  led by node 1',
    'node  role     address        state      heard      last error',
    '   1  data     10.0.0.1:9094  this node',
    '   2  data     10.0.0.2:9094  connected  0.2 s ago',
    '   3  witness  10.0.0.3:9094  away       75 s ago   EHOSTUNREACH',
    '',
    'topic    partition  role      leader  epoch  start  committed  end  in sync                lag',
    'sensors          0  leader         1      3      0         20   25  1/2 without 2 at risk  5 (node 2)',
    'sensors          1  follower       2      4      0          7    7  ?                      ?',
    '',
    'Node 3 was not heard for 75 s (EHOSTUNREACH): look after its power, its network and 10.0.0.3:9094.',
    '1 partition stops with one more loss: bring back node 3.',
  ]);
});

it('shows several nodes together', () => {
  const { terminal, out } = capturedTerminal();
  const second: NodeStatus = {
    ...status,
    node: { ...status.node, id: 2 },
    partitions: status.partitions.map((at) => ({
      ...at,
      role: at.role === 'leader' ? 'follower' : 'leader',
      inSync: [1, 2],
      followers: [{ nodeId: 1, role: 'data', isInSync: true, persistedOffset: 7, lag: 0 }],
    })),
  };
  printStatus(terminal, [status, second], clusterView([status, second]));
  expect(out.filter((line) => line.startsWith('node '))).toHaveLength(3);
  expect(out).toContainEqual(expect.stringMatching(/^sensors +0 +leader +1 .* 5 \(node 2\)$/));
  expect(out).toContainEqual(expect.stringMatching(/^sensors +1 +leader +2 .* 2\/2 +0$/));
});
