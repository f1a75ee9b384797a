import type { NodeFacts } from '../../../edge/node-report.ts';
import { monotonicMs } from '../../../src/base/brand.ts';
import type { ClusterStatus } from '../../../src/core/cluster-status.ts';
import type { TopicValue } from '../../../src/wire/state/state-codec.ts';
import { newPartition } from '../core/partition-world.ts';

export const cluster: ClusterStatus = {
  ...{ name: 'p', state: 'member' },
  nodes: [
    { id: 1, role: 'data', address: 'a:1', state: 'self' },
    { id: 2, role: 'data', address: 'b:1', state: 'connected' },
  ],
};

const topic: TopicValue = {
  ...{ name: 'sensors', topicId: 'id-1', partitions: 4, internal: false, keepUnforwarded: true },
  ...{ retentionMs: -1, retentionBytes: 7, assignments: [], minInsyncReplicas: 0, replicas: 3 },
};

/** Of node 1, which leads a partition and is ready. */
export function facts(overrides: Partial<NodeFacts> = {}, isStranded = false): NodeFacts {
  const { partition } = newPartition();
  const core = {
    ...{ isReady: true, isHeld: false, isDiskFull: false, droppedRecords: 0, droppedQos0: 0 },
    clock: { isUnset: false, hasJumped: false, jumps: 0, lastJumpMs: 0 },
    topics: [topic, { ...topic, name: '__x', internal: true }],
    ...{ partitions: [partition], witnesses: [], nowMs: monotonicMs(0), isStranded },
  };
  return {
    ...{ nodeId: 1, version: 'v', clusterId: 'c', core, cluster, forward: [], damaged: [] },
    ...{ usedBytes: 0, budgetBytes: 1, mqttConnections: 0, isForwarderUp: undefined },
    ...overrides,
  } as unknown as NodeFacts;
}
