import type { PeerNode } from '../../../src/core/peer/node-facts.ts';
import type { KafkaProducerOptions } from './kafka-producer.ts';
import type { MqttClientOptions } from './mqtt-client.ts';

/** Who is in a simulated cluster, and how its nodes are configured. */
export interface ClusterShape {
  readonly nodes: readonly PeerNode[];
  readonly partitions: number;
  readonly segmentBytes: number;
  /** How far the rates of two clocks may be apart, as a share. */
  readonly clockDrift: number;
  /** There is a central Kafka, and each node has a forwarder. */
  readonly isForwarded: boolean;
  /** `log.batchBytesMax`, where a node has another one than the rest. */
  readonly batchBytesMax?: (nodeId: number) => number;
}

export type ClientPlan = Pick<
  MqttClientOptions,
  'clientId' | 'clean' | 'qosShares' | 'everyMs' | 'windowMax' | 'roams'
>;

export type ProducerPlan = Pick<
  KafkaProducerOptions,
  'name' | 'partition' | 'everyMs' | 'inFlightMax'
>;

/** A cluster and who publishes to it. */
export interface WorldPlan {
  readonly shape: ClusterShape;
  readonly clients: readonly ClientPlan[];
  readonly producers: readonly ProducerPlan[];
}

export const shapes: readonly (readonly PeerNode[])[] = [
  ['data'],
  ['data', 'data'],
  ['data', 'data', 'witness'],
  ['data', 'data', 'data'],
  ['data', 'data', 'data', 'data', 'data'],
].map((roles) => roles.map((role, i) => ({ nodeId: i + 1, isWitness: role === 'witness' })));
