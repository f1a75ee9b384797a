import type { MonotonicMs } from '../src/base/brand.ts';
import type { ClusterStatus, LedStatus } from '../src/core/cluster-status.ts';
import type { ClockView } from '../src/core/clock-watch.ts';
import type { NodeView } from '../src/core/node-options.ts';
import type { NodeStatus, PartitionStatus, TopicStatus } from '../src/core/node-status.ts';
import type { Partition } from '../src/core/partition.ts';
import type { WitnessReplica } from '../src/core/witness-replica.ts';
import type { ForwardStatus } from '../src/core/forward/supervision.ts';
import type { MetricSample } from '../src/ports/metric-sample.ts';
import type { RotRange } from '../src/ports/recovered-log.ts';
import type { TopicValue } from '../src/wire/state/state-codec.ts';
import { connectionMetrics, type ConnectionFacts } from './connection-metrics.ts';
import { forwardMetrics } from './forward-metrics.ts';
import { metric } from './metric.ts';
import type { PeerFacts } from './peer-executor.ts';
import { clusterMetrics, peerMetrics, replicationMetrics } from './peer-metrics.ts';

const { counter, gauge } = metric;

/** What the node's parts count, gathered for one answer. */
export interface NodeFacts extends ConnectionFacts {
  readonly nodeId: number;
  readonly version: string;
  readonly clusterId: string;
  readonly core: NodeView;
  /** Sockets between nodes; undefined without `cluster` in the config. */
  readonly peers?: PeerFacts | undefined;
  readonly cluster?: ClusterStatus | undefined;
  readonly mqttConnections: number;
  readonly kafkaConnections: number;
  readonly usedBytes: number;
  readonly budgetBytes: number;
  readonly isForwarderUp: boolean | undefined;
  readonly forward: readonly ForwardStatus[];
  readonly fsync: { readonly count: number; readonly seconds: number };
  /** Logs of which rot has taken something. */
  readonly damaged: readonly DamagedLog[];
  readonly scrub: { readonly bytesRead: number; readonly rounds: number };
}

interface DamagedLog {
  readonly topic: string;
  readonly partition: number;
  readonly rot: readonly RotRange[];
}

/** Of one log; the metrics count them all. */
const rangesShownMax = 32;

/**
 * `/api/v1/status` (DESIGN 2).
 * @param led what other nodes lead, as they told it: who is in sync there only they know.
 */
export function nodeStatus(facts: NodeFacts, led: readonly LedStatus[]): NodeStatus {
  const own = ownPartitions(facts.core);
  const partitions = withLed(own, led);
  return {
    health: health(facts, partitions),
    node: { id: facts.nodeId, version: facts.version, clusterId: facts.clusterId },
    ...(facts.cluster === undefined ? {} : { cluster: facts.cluster }),
    topics: [...facts.core.topics].filter(({ internal }) => !internal).map(topicStatus),
    partitions,
    mqtt: { connections: facts.mqttConnections },
    clock: clockStatus(facts.core.clock),
    disk: {
      usedBytes: facts.usedBytes,
      budgetBytes: facts.budgetBytes,
      droppedRecords: facts.core.droppedRecords,
      droppedQos0: facts.core.droppedQos0,
    },
    damaged: facts.damaged.flatMap(({ topic, partition, rot }) =>
      rot.slice(0, rangesShownMax).map(({ from, to, reason }) => ({
        ...{ topic, partition, from, to, reason },
      })),
    ),
    forward: facts.forward.map(({ topic, partition, state, forwardOffset, lag, lastError }) => ({
      topic,
      partition,
      state,
      ...(forwardOffset === undefined ? {} : { forwardOffset }),
      ...(lag === undefined ? {} : { lag }),
      ...(lastError === undefined ? {} : { lastError }),
    })),
  };
}

function topicStatus(topic: TopicValue): TopicStatus {
  const { name, topicId, partitions, keepUnforwarded } = topic;
  return {
    ...{ topic: name, topicId, partitions },
    replicas: topic.replicas === 0 ? 'auto' : topic.replicas,
    minInsyncReplicas: topic.minInsyncReplicas === 0 ? 'auto' : topic.minInsyncReplicas,
    retentionMs: topic.retentionMs < 0 ? 'unlimited' : topic.retentionMs,
    retentionBytes: topic.retentionBytes < 0 ? 'unlimited' : topic.retentionBytes,
    keepUnforwarded,
  };
}

function clockStatus(clock: ClockView): NodeStatus['clock'] {
  const { jumps, lastJumpMs, apartMs = 0 } = clock;
  const apart = apartMs === 0 ? {} : { apartMs };
  return { state: clockState(clock), jumps, lastJumpMs, ...apart };
}

function clockState({ isUnset, hasJumped, apartMs = 0 }: ClockView): NodeStatus['clock']['state'] {
  if (isUnset) return 'unset';
  if (apartMs !== 0) return 'apart';
  return hasJumped ? 'jumped' : 'ok';
}

/** `failing`: nothing is taken in. `degraded`: something wants an operator. */
function health(
  { core, forward, isForwarderUp, damaged, cluster }: NodeFacts,
  partitions: readonly PartitionStatus[],
): NodeStatus['health'] {
  if (!core.isReady || core.isDiskFull || core.isStranded) return 'failing';
  const isMissing = cluster?.nodes.some(({ state }) => state !== 'self' && state !== 'connected');
  const isAtRisk = partitions.some(({ atRisk, leader }) => atRisk || leader === undefined);
  if (isMissing === true || isAtRisk) return 'degraded';
  const isStuck = forward.some(({ state }) => state === 'blocked' || state === 'stopped');
  const isClockWrong = clockState(core.clock) !== 'ok';
  const isDegraded =
    damaged.length > 0 || isStuck || isForwarderUp === false || core.isHeld || isClockWrong;
  return isDegraded ? 'degraded' : 'ok';
}

/** What this node keeps, with what its leader tells of it; then what only others keep. */
function withLed(own: readonly PartitionStatus[], led: readonly LedStatus[]): PartitionStatus[] {
  const told = new Map(led.map((each) => [`${each.topicId} ${each.partition}`, each]));
  const known = own.map((at): PartitionStatus => {
    const key = `${at.topicId} ${at.partition}`;
    const leaders = told.get(key);
    told.delete(key);
    if (leaders === undefined || at.role === 'leader' || leaders.leaderEpoch < at.leaderEpoch) {
      return at;
    }
    const { leader, leaderEpoch, inSync, atRisk, followers, replicas } = leaders;
    return { ...at, leader, leaderEpoch, inSync, atRisk, followers, replicas };
  });
  return [...known, ...[...told.values()].map((each) => ({ ...each, role: 'none' as const }))];
}

const ownPartitions = ({ partitions, witnesses, nowMs }: NodeView): PartitionStatus[] => [
  ...[...partitions].map((partition) => partitionStatus(partition, nowMs)),
  ...[...witnesses].map(witnessStatus),
];

function partitionStatus(partition: Partition, nowMs: MonotonicMs): PartitionStatus {
  const { leaderId } = partition;
  const leadership = partition.hasBegun ? partition.replica.leadership : undefined;
  return {
    topic: partition.topic,
    topicId: partition.topicId,
    partition: partition.partition,
    role: roleOf(partition),
    ...(leaderId === undefined ? {} : { leader: leaderId }),
    leaderEpoch: partition.leaderEpoch,
    logStartOffset: partition.logStartOffset,
    logEndOffset: partition.logEndOffset,
    highWatermark: partition.highWatermark,
    replicas: partition.replicaIds,
    inSync: partition.isLeader ? partition.inSyncIds : [],
    atRisk: leadership?.isAtRisk(nowMs) === true,
    ...(leadership === undefined ? {} : { followers: leadership.followers(nowMs) }),
  };
}

/** The order of a partition whose records are elsewhere (V3). */
function witnessStatus(witness: WitnessReplica): PartitionStatus {
  const { topic, topicId, partition, replica } = witness;
  const { leaderId, leaderEpoch, self, voters } = replica;
  return {
    ...{ topic, topicId, partition, leaderEpoch },
    role: voters.find(self) === undefined ? 'observer' : 'witness',
    ...(leaderId === undefined ? {} : { leader: leaderId }),
    logStartOffset: witness.logStartOffset,
    logEndOffset: witness.logEndOffset,
    highWatermark: witness.highWatermark,
    replicas: witness.replicaIds,
    inSync: [],
    atRisk: false,
  };
}

/** `offline`: it takes no part yet. */
function roleOf(partition: Partition): PartitionStatus['role'] {
  if (!partition.hasBegun) return 'offline';
  if (partition.isLeader) return 'leader';
  const own = partition.voters?.find(partition.replica.self);
  if (own === undefined) return 'observer';
  if (own.role === 'witness') return 'witness';
  return partition.leaderId === undefined ? 'candidate' : 'follower';
}

/** `/metrics`. Labels are partitions and QoS levels, never what a client can make up. */
export function nodeMetrics(facts: NodeFacts): MetricSample[] {
  const { core, mqtt, fsync } = facts;
  const [qos0, qos1, qos2] = mqtt.publishes;
  const received = (qos: number, value: number): MetricSample => ({
    name: 'mqtt_publish_received_total',
    help: 'PUBLISH packets taken in.',
    kind: 'counter',
    labels: { qos },
    value,
  });
  return [
    gauge('build_info', 'Always 1.', 1, { version: facts.version, node: facts.nodeId }),
    gauge('mqtt_connections', 'Open MQTT connections.', facts.mqttConnections),
    gauge('kafka_connections', 'Open Kafka connections.', facts.kafkaConnections),
    received(0, qos0),
    received(1, qos1),
    received(2, qos2),
    counter('mqtt_publish_released_total', 'Publishes committed.', mqtt.released),
    counter('mqtt_publish_rejected_total', 'Publishes refused.', mqtt.rejected),
    counter('mqtt_publish_unrouted_total', 'Publishes no route names.', core.unroutedPublishes),
    counter('log_fsyncs_total', 'fsyncs of partition logs.', fsync.count),
    counter('log_fsync_seconds_total', 'Time in those fsyncs.', fsync.seconds),
    dropped('oldest', core.droppedRecords),
    dropped('qos0', core.droppedQos0),
    gauge('disk_used_bytes', 'Bytes of all segments.', facts.usedBytes),
    gauge('disk_budget_bytes', 'Bytes the node may use.', facts.budgetBytes),
    gauge('disk_full', '1 while publishers are held for space.', core.isDiskFull ? 1 : 0),
    counter('clock_jumps_total', 'Jumps of the wall clock.', core.clock.jumps),
    gauge('clock_unset', '1 while the clock stands before 2025.', core.clock.isUnset ? 1 : 0),
    ...connectionMetrics(facts),
    ...(facts.peers === undefined ? [] : peerMetrics(facts.peers)),
    ...clusterFacts(facts),
    ...(facts.isForwarderUp === undefined
      ? []
      : [gauge('forward_up', '1 while the forwarder runs.', facts.isForwarderUp ? 1 : 0)]),
    counter('scrub_bytes_total', 'Bytes read again to find rot.', facts.scrub.bytesRead),
    counter('scrub_rounds_total', 'Rounds over all segments.', facts.scrub.rounds),
    ...facts.damaged.flatMap(damageMetrics),
    ...[...core.partitions].flatMap(partitionMetrics),
    ...facts.forward.flatMap(forwardMetrics),
  ];
}

const clusterFacts = ({ cluster, core }: NodeFacts): MetricSample[] =>
  cluster === undefined
    ? []
    : [...clusterMetrics(cluster, ownPartitions(core)), ...replicationMetrics(core.replication)];

function partitionMetrics(p: Partition): MetricSample[] {
  const labels = { topic: p.topic, partition: p.partition };
  return [
    gauge('log_start_offset', 'First offset kept.', p.logStartOffset, labels),
    gauge('log_end_offset', 'Next offset to write.', p.logEndOffset, labels),
    gauge('high_watermark', 'End of what is committed.', p.highWatermark, labels),
    gauge('leader_epoch', 'Leader epoch.', p.leaderEpoch, labels),
  ];
}

function damageMetrics({ topic, partition, rot }: DamagedLog): MetricSample[] {
  const offsets = rot.reduce((sum, { from, to }) => sum + to - from, 0);
  const labels = { topic, partition };
  return [
    gauge('log_damaged_ranges', 'Ranges of offsets that rot has taken.', rot.length, labels),
    gauge('log_damaged_offsets', 'Offsets in those ranges.', offsets, labels),
  ];
}

/** By the full disk, or by a retention that does not wait for central. */
const dropped = (reason: 'oldest' | 'qos0', value: number): MetricSample => ({
  name: 'dropped_records_total',
  help: 'Records lost before central had them.',
  kind: 'counter',
  labels: { reason },
  value,
});
