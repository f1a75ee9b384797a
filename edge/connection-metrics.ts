import type { MetricSample } from '../src/ports/metric-sample.ts';
import { metric } from './metric.ts';
import type { KafkaCounters } from '../src/core/kafka/router.ts';
import type { MqttCrowdCounters } from './mqtt-crowd.ts';
import type { MqttCounters } from './mqtt-front-options.ts';
import type { SocketListenerCounters } from './socket-listener.ts';

const { counter, gauge } = metric;

/** What is counted of connections, in the core and in front of it. */
export interface ConnectionFacts {
  readonly core: { readonly kafka: KafkaCounters };
  readonly kafka: SocketListenerCounters;
  readonly mqtt: MqttCounters;
  readonly mqttCrowd: MqttCrowdCounters & {
    readonly partial: number;
    readonly held: number;
    readonly delivery: number;
  };
}

/** Who was refused or closed and why, and what connections hold in memory. */
export function connectionMetrics({
  core,
  kafka,
  mqtt,
  mqttCrowd,
}: ConnectionFacts): MetricSample[] {
  const mqttClosed = {
    broken: mqtt.connectionsBroken,
    displaced: mqtt.connectionsDisplaced,
    overdue: mqtt.connectionsOverdue,
    slow: mqttCrowd.closedSlow,
    memory: mqttCrowd.closedForMemory,
  };
  const kafkaClosed = {
    displaced: kafka.closedSilent,
    overdue: core.kafka.closedOverdue,
    slow: kafka.closedUndrained,
    memory: core.kafka.closedForMemory,
  };
  return [
    counter('mqtt_connections_refused_total', 'No place was left.', mqtt.connectionsRefused),
    counter('kafka_connections_refused_total', 'No place was left.', kafka.refused),
    ...closed('mqtt_connections_closed_total', mqttClosed),
    ...closed('kafka_connections_closed_total', kafkaClosed),
    counter(
      'mqtt_deliveries_dropped_total',
      'QoS 0 publishes that slow subscribers did not get.',
      mqttCrowd.deliveriesDropped,
    ),
    held('mqttPartial', mqttCrowd.partial),
    held('mqttHeld', mqttCrowd.held),
    held('mqttDelivery', mqttCrowd.delivery),
    held('kafkaRequest', core.kafka.requestBytes),
    held('kafkaAnswer', core.kafka.answerBytes),
  ];
}

/** `broken` counts all that we closed for a peer's fault; the others say more. */
const closed = (name: string, byReason: Readonly<Record<string, number>>): MetricSample[] =>
  Object.entries(byReason).map(([reason, value]) =>
    counter(name, 'Connections that this node closed, by reason.', value, { reason }),
  );

const held = (what: string, bytes: number): MetricSample =>
  gauge('connection_bytes', 'Memory that connections hold.', bytes, { what });
