import { describe, expect, it } from 'vitest';
import { clusterAdvice, clusterView, spanText } from '../../../../edge/cli/cluster-view.ts';
import type { ClusterNodeStatus, ClusterStatus } from '../../../../src/core/cluster-status.ts';
import type { NodeStatus, PartitionStatus } from '../../../../src/core/node-status.ts';

const partition: PartitionStatus = {
  ...{ topic: 'sensors', topicId: 'id-1', partition: 0, role: 'leader', leader: 1 },
  ...{ leaderEpoch: 3, logStartOffset: 0, logEndOffset: 25, highWatermark: 20 },
  ...{ replicas: [1, 2, 3], inSync: [1, 2, 3], atRisk: false },
};
const node = (id: number, change: Partial<ClusterNodeStatus> = {}): ClusterNodeStatus => ({
  ...{ id, role: 'data', address: `10.0.0.${id}:9094`, silentMs: 300 },
  ...{ state: id === 1 ? 'self' : 'connected', ...change },
});
const three: ClusterStatus = {
  ...{ name: 'plant-7', state: 'member', leader: 1 },
  nodes: [node(1), node(2), node(3)],
};
const status: NodeStatus = {
  health: 'ok',
  node: { id: 1, version: '0.1.0', clusterId: 'c' },
  cluster: three,
  partitions: [partition],
  topics: [],
  mqtt: { connections: 2 },
  clock: { state: 'ok', jumps: 0, lastJumpMs: 0 },
  disk: { usedBytes: 2048, budgetBytes: 1 << 30, droppedRecords: 0, droppedQos0: 0 },
  damaged: [],
  forward: [],
};

const follower: PartitionStatus = { ...partition, role: 'follower', inSync: [] };
const leaderless: PartitionStatus = {
  ...{ topic: 'sensors', topicId: 'id-1', partition: 0, role: 'candidate', leaderEpoch: 4 },
  ...{ logStartOffset: 0, logEndOffset: 25, highWatermark: 20 },
  ...{ replicas: [1, 2, 3], inSync: [], atRisk: false },
};

describe('answers of several nodes', () => {
  it('are one partition each, as its newest leader sees it', () => {
    const older = { ...partition, leaderEpoch: 2, highWatermark: 19 };
    const seen = (answers: readonly [PartitionStatus, ...PartitionStatus[]]) => {
      const [first, ...rest] = answers.map((each) => ({ ...status, partitions: [each] }));
      return clusterView([first ?? status, ...rest]).partitions;
    };
    expect(seen([follower, partition, older])).toEqual([partition]);
    expect(seen([older, follower])).toEqual([follower]);
    expect(seen([partition, { ...partition, partition: 1 }])).toHaveLength(2);
  });

  it('are as healthy as the worst of them', () => {
    const failing: NodeStatus = { ...status, health: 'failing' };
    expect(clusterView([status, status]).health).toBe('ok');
    expect(clusterView([status], 1).health).toBe('degraded');
    expect(clusterView([status, failing]).health).toBe('failing');
    expect(clusterView([failing], 1).health).toBe('failing');
  });
});

describe('advice', () => {
  const advice = (
    cluster: Partial<ClusterStatus>,
    ...partitions: readonly PartitionStatus[]
  ): readonly string[] =>
    clusterAdvice(clusterView([{ ...status, cluster: { ...three, ...cluster }, partitions }]));

  it('is not needed while all is well, or alone', () => {
    expect(advice({}, partition)).toEqual([]);
    expect(clusterAdvice({ ...clusterView([status]), cluster: undefined })).toEqual([]);
  });

  it.each<[Partial<ClusterNodeStatus>, string]>([
    [
      { state: 'away', silentMs: 75_000, lastError: 'EHOSTUNREACH' },
      'Node 3 was not heard for 75 s (EHOSTUNREACH): look after its power, its network and 10.0.0.3:9094.',
    ],
    [
      { state: 'refusing' },
      'Node 3 does not run, but its machine answers at 10.0.0.3:9094: start it there.',
    ],
    [
      { state: 'stranger', lastError: 'it lists other cluster.peers' },
      'Node 3 is refused: it lists other cluster.peers.',
    ],
  ])('names a node that is missed: %j', (change, text) => {
    expect(advice({ nodes: [node(1), node(2), node(3, change)] }, partition)).toEqual([text]);
  });

  it('says how a node comes back that was given up, and when the last one may go on', () => {
    const gone = node(2, { state: 'givenUp' });
    expect(advice({ nodes: [node(1), gone] }, partition)[0]).toContain('`shorelog rejoin`');
    const away = node(2, { state: 'away' });
    expect(advice({ nodes: [node(1), away] }, leaderless).at(-1)).toContain('`shorelog promote`');
  });

  it('says what the birth of a cluster waits for', () => {
    const never = { id: 3, role: 'data', address: '10.0.0.3:9094', state: 'away' } as const;
    const [first, second] = advice({ state: 'forming', nodes: [node(1), node(2), never] });
    expect(first).toContain('it waits for node 3.');
    expect(second).toContain('was not heard since this node started');
    expect(advice({ state: 'forming' })).toEqual([
      'Every listed node has answered: the cluster begins.',
    ]);
    expect(advice({ state: 'waiting' })[0]).toContain('`shorelog join`');
  });

  it('counts partitions without a leader', () => {
    const other = { ...leaderless, partition: 1 };
    expect(advice({}, leaderless, other)).toEqual([
      '2 partitions have no leader and take nothing in: a majority of their voters must be back.',
    ]);
  });

  const risky = { ...partition, inSync: [1, 2], atRisk: true };
  it.each<[string, readonly ClusterNodeStatus[], PartitionStatus, string]>([
    [
      'bring back who is away',
      [node(1), node(2), node(3, { state: 'refusing' })],
      risky,
      '1 partition stops with one more loss: bring back node 3.',
    ],
    [
      'wait for who is behind',
      three.nodes,
      risky,
      '1 partition stops with one more loss: wait until node 3 has caught up.',
    ],
    [
      'add a third',
      [node(1), node(2)],
      { ...risky, replicas: [1, 2] },
      '1 partition stops with one more loss: two voters cannot do without one of them, so add a third data node or a witness.',
    ],
  ])('at risk: %s', (_, nodes, at, text) => {
    expect(advice({ nodes }, at)).toContain(text);
  });
});

it.each([
  [400, '0.4 s'],
  [75_000, '75 s'],
  [720_000, '12 min'],
  [18_000_000, '5 h'],
  [259_200_000, '3 days'],
])('%i ms is %s', (ms, text) => {
  expect(spanText(ms)).toBe(text);
});
