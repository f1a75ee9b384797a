import { limits } from '../../base/limits.ts';
import { utf8Encode } from '../../base/bytes.ts';
import { partitionOf } from '../../base/murmur2.ts';

/** One `routes:` entry of the config. */
export interface RouteRule {
  /** MQTT topic filter. */
  readonly from: string;
  readonly topic: string;
  readonly key: 'mqttTopic' | 'clientId';
}

/** Where a publish goes. `key` is shared between publishes: nobody writes into it. */
export interface RouteTarget {
  readonly topic: string;
  readonly partition: number;
  readonly key: Uint8Array;
}

/**
 * Why a publish has no place. `unrouted`: no rule matches, so it is not to be stored.
 * `topicMissing`: it is to be stored, in a topic that `__cluster` does not have (yet).
 */
export type NoPlace = 'unrouted' | 'topicMissing';

const cachedTopicsMax = 10_000;

/**
 * MQTT topic -> topic-partition and key; the first rule that matches wins. Partition counts come
 * from `__cluster`, never from the config.
 */
export class RouteTable {
  readonly #rules: readonly CompiledRule[];
  readonly #partitionsOf: (topic: string) => number | undefined;
  readonly #byMqttTopic = new Map<string, RouteTarget>();

  constructor(rules: readonly RouteRule[], partitionsOf: (topic: string) => number | undefined) {
    this.#rules = rules.map((rule) => ({ ...rule, levels: rule.from.split('/') }));
    this.#partitionsOf = partitionsOf;
  }

  locate(mqttTopic: string, clientId: string): RouteTarget | NoPlace {
    const cached = this.#byMqttTopic.get(mqttTopic);
    if (cached !== undefined) return cached;
    const rule = this.#rules.find(({ levels }) => filterMatches(levels, mqttTopic));
    if (rule === undefined) return 'unrouted';
    const partitions = this.#partitionsOf(rule.topic);
    if (partitions === undefined) return 'topicMissing';
    const key = utf8Encode(rule.key === 'mqttTopic' ? mqttTopic : clientId);
    const target = { topic: rule.topic, partition: partitionOf(key, partitions), key };
    if (rule.key === 'mqttTopic') this.#remember(mqttTopic, target);
    return target;
  }

  /** Bounded by starting over: sensors use few topics, and a miss costs one scan of the rules. */
  #remember(mqttTopic: string, target: RouteTarget): void {
    if (mqttTopic.length > limits.mqttTopicCachedLengthMax) return;
    if (this.#byMqttTopic.size >= cachedTopicsMax) this.#byMqttTopic.clear();
    this.#byMqttTopic.set(mqttTopic, target);
  }
}

interface CompiledRule extends RouteRule {
  readonly levels: readonly string[];
}

/**
 * [MQTT-4.7.1-2], [MQTT-4.7.1-3]; topics that begin with $ match no leading wildcard
 * [MQTT-4.7.2-1].
 */
export function filterMatches(filter: readonly string[], mqttTopic: string): boolean {
  const levels = mqttTopic.split('/');
  const first = filter[0];
  if (mqttTopic.startsWith('$') && (first === '#' || first === '+')) return false;
  for (let i = 0; i < filter.length; i++) {
    const wanted = filter[i];
    if (wanted === '#') return true; // also the parent level itself
    if (i >= levels.length) return false;
    if (wanted !== '+' && wanted !== levels[i]) return false;
  }
  return filter.length === levels.length;
}
