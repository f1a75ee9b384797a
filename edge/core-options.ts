import type { Config } from '../src/config/config.ts';
import { effectiveTopics } from '../src/config/effective-topics.ts';
import { nodeAddresses } from '../src/config/node-addresses.ts';
import type { NodeOptions } from '../src/core/node.ts';
import type { OpenedStorage } from './node-storage.ts';
import { randomNode } from './random-node.ts';

/** What the config and the data directory say to the core. */
export function coreOptions(config: Config, { storage, roomBytes }: OpenedStorage): NodeOptions {
  const { advertised } = nodeAddresses(config);
  return {
    nodeId: config.node.id,
    clusterId: storage.meta.clusterId,
    directoryId: storage.meta.directoryId,
    startCounter: storage.meta.startCounter,
    isJournalDamaged: storage.journal.isDamaged,
    advertisedHost: advertised.host,
    advertisedPort: advertised.port,
    segmentBytesMax: segmentBytesMax(config, roomBytes),
    batchBytesMax: config.log.batchBytesMax,
    lingerMs: config.log.lingerMs,
    ingestDeliveryTimeoutMs: config.mqtt.ingestDeliveryTimeoutMs,
    requestBytesMax: config.kafka.requestBytesMax,
    autoCreateTopics: config.kafka.autoCreateTopics,
    topics: effectiveTopics(config).map((topic) => ({
      name: topic.name,
      partitions: topic.partitions,
      keepUnforwarded: topic.keepUnforwarded,
      retentionMs: stored(topic.retentionMs),
      retentionBytes: stored(topic.retentionBytes),
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

/** `__cluster` stores "unlimited" as -1. */
const stored = (limit: number): number => (Number.isFinite(limit) ? limit : -1);
