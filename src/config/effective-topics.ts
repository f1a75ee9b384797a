import { autoMinInsync, autoReplicas, clusterNodes } from './cluster-nodes.ts';
import type { Config, TopicConfig } from './config.ts';

/** A topic with `auto` and `unlimited` resolved for this cluster. */
export interface EffectiveTopic {
  readonly name: string;
  readonly partitions: number;
  readonly replicas: number;
  readonly minInsyncReplicas: number;
  /** Infinity = unlimited. */
  readonly retentionMs: number;
  readonly retentionBytes: number;
  /**
   * Retention waits for central where a forward route names the topic (L10). Not only where one
   * does today: a cluster keeps what it was made with, and a route may come later.
   */
  readonly keepUnforwarded: boolean;
}

/** The topics of the config; `auto` follows the number of data nodes (C3). */
export function effectiveTopics(config: Config): readonly EffectiveTopic[] {
  const auto = autoReplicas(clusterNodes(config));
  return config.topics.map((topic) => ({
    name: topic.name,
    partitions: topic.partitions,
    ...copies(topic, auto),
    retentionMs: limitOf(topic.retentionMs),
    retentionBytes: limitOf(topic.retentionBytes),
    keepUnforwarded: topic.keepUnforwarded,
  }));
}

function copies(
  { replicas: wanted, minInsyncReplicas }: TopicConfig,
  auto: number,
): Pick<EffectiveTopic, 'replicas' | 'minInsyncReplicas'> {
  const replicas = wanted === 'auto' ? auto : wanted;
  const needed = minInsyncReplicas === 'auto' ? autoMinInsync(replicas) : minInsyncReplicas;
  return { replicas, minInsyncReplicas: needed };
}

const limitOf = (value: number | 'unlimited'): number =>
  value === 'unlimited' ? Number.POSITIVE_INFINITY : value;
