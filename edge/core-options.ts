import type { Config } from '../src/config/config.ts';
import { effectiveTopics } from '../src/config/effective-topics.ts';
import type { Address } from '../src/config/address.ts';
import { isWitness } from '../src/config/cluster-nodes.ts';
import { checkedAddress, nodeAddresses } from '../src/config/node-addresses.ts';
import type { ClusterOptions } from '../src/core/cluster/membership.ts';
import type { BrokerAddress } from '../src/core/kafka/broker-view.ts';
import { productVersion } from './cli/product.ts';
import type { NodeOptions } from '../src/core/node-options.ts';
import type { OpenedStorage } from './node-storage.ts';
import { randomNode } from './random-node.ts';

/** What the config and the data directory say to the core. */
export function coreOptions(config: Config, { storage, roomBytes }: OpenedStorage): NodeOptions {
  const { advertised } = nodeAddresses(config);
  return {
    nodeId: config.node.id,
    clusterId: storage.meta.clusterId,
    directoryId: storage.meta.directoryId,
    stored: storage.facts,
    cluster: clusterOptions(config),
    startCounter: storage.meta.startCounter,
    startIds: storage.meta.startIds,
    isJournalDamaged: storage.journal.isDamaged,
    brokers: brokersOf(config, advertised),
    segmentBytesMax: segmentBytesMax(config, roomBytes),
    batchBytesMax: config.log.batchBytesMax,
    lingerMs: config.log.lingerMs,
    ingestDeliveryTimeoutMs: config.mqtt.ingestDeliveryTimeoutMs,
    requestBytesMax: config.kafka.requestBytesMax,
    autoCreateTopics: config.kafka.autoCreateTopics,
    topics: effectiveTopics(config).map((topic, i) => ({
      name: topic.name,
      partitions: topic.partitions,
      keepUnforwarded: topic.keepUnforwarded,
      retentionMs: stored(topic.retentionMs),
      retentionBytes: stored(topic.retentionBytes),
      replicas: asked(config.topics[i]?.replicas),
      minInsyncReplicas: asked(config.topics[i]?.minInsyncReplicas),
    })),
    routes: config.routes.map(({ from, topic, key }) => ({ from, topic, key })),
    forwardedTopics: config.forward?.routes.map(({ from }) => from) ?? [],
    dropsOldest: config.disk.whenFull === 'dropOldest',
    random: randomNode,
  };
}

/**
 * What a full disk may drop are whole sealed segments, so the active ones may hold a small part of
 * the room together.
 */
function segmentBytesMax(config: Config, roomBytes: number): number {
  const { segmentBytes } = config.log;
  if (config.disk.whenFull === 'block') return segmentBytes;
  const logs = effectiveTopics(config).reduce((sum, { partitions }) => sum + partitions, 0);
  const share = Math.floor(roomBytes / (activeShare * Math.max(1, logs)));
  return Math.min(segmentBytes, Math.max(activeBytesMin, share));
}

const activeShare = 16;
const activeBytesMin = 64 * 1024;

function clusterOptions({ cluster }: Config): ClusterOptions | undefined {
  if (cluster === undefined) return undefined;
  const peers = cluster.peers.map(({ id, role, peer }) => ({
    nodeId: id,
    address: peer,
    isWitness: role === 'witness',
  }));
  const { id: name, replicaLagTimeMaxMs } = cluster;
  return { name, peers, replicaLagTimeMaxMs, version: productVersion() };
}

/** Data nodes serve Kafka clients; the config says where, of this node `kafka.advertised`. */
function brokersOf({ node, cluster }: Config, advertised: Address): BrokerAddress[] {
  const own = isWitness({ node, cluster }) ? [] : [{ nodeId: node.id, ...advertised }];
  const data = cluster?.peers.filter(({ role }) => role === 'data') ?? [];
  const others = data
    .filter(({ id }) => id !== node.id)
    .map(({ id, kafka }) => ({ nodeId: id, ...checkedAddress(kafka) }));
  return [...own, ...others].sort((a, b) => a.nodeId - b.nodeId);
}

/** `__cluster` stores `auto` as 0. */
const asked = (count: number | 'auto' | undefined): number =>
  count === 'auto' || count === undefined ? 0 : count;

/** `__cluster` stores "unlimited" as -1. */
const stored = (limit: number): number => (Number.isFinite(limit) ? limit : -1);
