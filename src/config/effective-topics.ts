import type { Config } from './config.ts';

/** A topic with `auto` and `unlimited` resolved for this cluster. */
export interface EffectiveTopic {
  readonly name: string;
  readonly partitions: number;
  readonly replicas: number;
  readonly minInsyncReplicas: number;
  /** Infinity = unlimited. */
  readonly retentionMs: number;
  readonly retentionBytes: number;
  /** A forward route names it and `keepUnforwarded` holds: retention waits for central (L10). */
  readonly keepUnforwarded: boolean;
}

/** The topics of the config. In a cluster of one `auto` is one copy (C3). */
export function effectiveTopics(config: Config): readonly EffectiveTopic[] {
  const forwarded = new Set(config.forward?.routes.map((route) => route.from));
  return config.topics.map((topic) => ({
    name: topic.name,
    partitions: topic.partitions,
    replicas: topic.replicas === 'auto' ? 1 : topic.replicas,
    minInsyncReplicas: topic.minInsyncReplicas === 'auto' ? 1 : topic.minInsyncReplicas,
    retentionMs: limitOf(topic.retentionMs),
    retentionBytes: limitOf(topic.retentionBytes),
    keepUnforwarded: topic.keepUnforwarded && forwarded.has(topic.name),
  }));
}

const limitOf = (value: number | 'unlimited'): number =>
  value === 'unlimited' ? Number.POSITIVE_INFINITY : value;
