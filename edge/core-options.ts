import type { Config } from '../src/config/config.ts';
import { effectiveTopics } from '../src/config/effective-topics.ts';
import { nodeAddresses } from '../src/config/node-addresses.ts';
import type { NodeOptions } from '../src/core/node.ts';
import type { Storage } from '../src/log/storage.ts';
import { randomNode } from './random-node.ts';

/** What the config and the data directory say to the core. */
export function coreOptions(config: Config, storage: Storage): NodeOptions {
  const { advertised } = nodeAddresses(config);
  return {
    nodeId: config.node.id,
    clusterId: storage.meta.clusterId,
    directoryId: storage.meta.directoryId,
    isJournalDamaged: storage.journal.isDamaged,
    advertisedHost: advertised.host,
    advertisedPort: advertised.port,
    segmentBytesMax: config.log.segmentBytes,
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

/** `__cluster` stores "unlimited" as -1. */
const stored = (limit: number): number => (Number.isFinite(limit) ? limit : -1);
