import type { PeerNode } from '../../../src/core/peer/node-facts.ts';
import type { MqttClientOptions } from './mqtt-client.ts';

/** Who is in a simulated cluster, and how its nodes are configured. */
export interface ClusterShape {
  readonly nodes: readonly PeerNode[];
  readonly partitions: number;
  readonly segmentBytes: number;
  /** How far the rates of two clocks may be apart, as a share. */
  readonly clockDrift: number;
}

export type ClientPlan = Pick<
  MqttClientOptions,
  'clientId' | 'clean' | 'qosShares' | 'everyMs' | 'windowMax' | 'roams'
>;

/** A cluster and who publishes to it. */
export interface WorldPlan {
  readonly shape: ClusterShape;
  readonly clients: readonly ClientPlan[];
}

export const shapes: readonly (readonly PeerNode[])[] = [
  ['data'],
  ['data', 'data'],
  ['data', 'data', 'witness'],
  ['data', 'data', 'data'],
  ['data', 'data', 'data', 'data', 'data'],
].map((roles) => roles.map((role, i) => ({ nodeId: i + 1, isWitness: role === 'witness' })));
