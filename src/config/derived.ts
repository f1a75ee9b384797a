import { present } from '../base/assert.ts';
import type { Address } from './address.ts';
import { parseAddress } from './address.ts';
import type { Config } from './config.ts';

/** The addresses of a checked config, parsed. Port 0 = any free port (then also in `advertised`). */
export interface NodeAddresses {
  readonly mqtt: Address;
  readonly kafka: Address;
  readonly advertised: Address;
  readonly admin: Address;
}

export function nodeAddresses(config: Config): NodeAddresses {
  return {
    mqtt: checkedAddress(config.mqtt.listen),
    kafka: checkedAddress(config.kafka.listen),
    advertised: checkedAddress(config.kafka.advertised),
    admin: checkedAddress(config.admin.listen),
  };
}

const checkedAddress = (text: string): Address =>
  present(parseAddress(text), 'parseConfig has checked every address');

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
