import type { ClientHistory } from '../history/client-history.ts';
import type { TestCluster } from '../test-cluster.ts';
import { EntranceRing } from './entrance-ring.ts';
import { KafkaJsWriter } from './kafkajs-writer.ts';
import { KcatWriter } from './kcat-writer.ts';
import type { Entrance, LoadWriter } from './load-writer.ts';
import { MqttJsWriter } from './mqttjs-writer.ts';
import { Qos1Writer } from './qos1-writer.ts';
import { Qos2Writer } from './qos2-writer.ts';

/** qos1, qos2: sensors of our own; mqttjs, kafkajs, kcat: those libraries. */
export const clientKinds = ['qos1', 'qos2', 'mqttjs', 'kafkajs', 'kcat'] as const;
export type ClientKind = (typeof clientKinds)[number];

export interface ClusterLoadOptions {
  readonly cluster: TestCluster;
  readonly history: ClientHistory;
  readonly topic: string;
  readonly partitions: number;
  /** Records a second, all writers together, about. */
  readonly ratePerSecond: number;
  /** Clients to leave out; `qos2` takes the one of mqtt.js, too. */
  readonly without?: readonly ClientKind[];
}

const payloadBytes = 64;
const qos1Writers = 6;
const qos2Writers = 12;
const kafkaJsWriters = 2;
const kcatWriters = 2;

/** Sensors and Kafka producers of every kind, each of which goes to another node when its falls. */
export class ClusterLoad {
  readonly #writers: readonly LoadWriter[];

  constructor(options: ClusterLoadOptions) {
    this.#writers = [...mqttWriters(options), ...kafkaWriters(options)];
    if (this.#writers.length === 0) throw new Error('no client is left');
  }

  get complaints(): readonly string[] {
    return this.#writers.flatMap(({ complaints }) => complaints);
  }

  /** Begins nothing new; what was not acknowledged in `msMax`, for people. */
  async finish(msMax: number): Promise<readonly string[]> {
    const errors = await Promise.all(this.#writers.map((writer) => writer.finish(msMax)));
    return errors.filter((error) => error !== undefined).map((error) => error.message);
  }

  async abandon(): Promise<void> {
    await Promise.all(this.#writers.map((writer) => writer.abandon()));
  }
}

const countOf = (kind: ClientKind, count: number, { without }: ClusterLoadOptions): number =>
  without?.includes(kind) === true ? 0 : count;

const mqttWriters = (options: ClusterLoadOptions): LoadWriter[] => {
  const { cluster, history, ratePerSecond, without = [] } = options;
  const entrances = cluster.dataNodes.map(({ id, place }): Entrance => ({
    ...{ node: id, host: place.host, port: place.ports.mqtt },
  }));
  const qos1 = Array.from({ length: countOf('qos1', qos1Writers, options) }, (_, index) => {
    return new Qos1Writer({
      history: history.writer({ kind: 'qos1', marksAttempts: true }),
      entrances: new EntranceRing(entrances, index),
      ratePerSecond: ratePerSecond / 2 / qos1Writers,
      ...{ inFlightMax: 200, payloadBytes, topics: 5, patienceMs: 2_000 + 500 * index },
    });
  });
  const qos2 = Array.from({ length: countOf('qos2', qos2Writers, options) }, (_, index) => {
    return new Qos2Writer({
      history: history.writer({ kind: 'qos2', marksAttempts: false }),
      entrances: new EntranceRing(entrances, index),
      ...{ payloadBytes, pauseMs: 20, patienceMs: 3_000 + 200 * index },
    });
  });
  const levels = without.includes('mqttjs') ? [] : without.includes('qos2') ? [1] : [1, 2];
  const js = (levels as (1 | 2)[]).map((qos) => {
    return new MqttJsWriter({
      history: history.writer({ kind: qos === 1 ? 'qos1' : 'qos2', marksAttempts: false }),
      ...{ qos, entrances, payloadBytes, inFlightMax: 20, pauseMs: 20 },
    });
  });
  return [...qos1, ...qos2, ...js];
};

const kafkaWriters = (options: ClusterLoadOptions): LoadWriter[] => {
  const { cluster, history, topic, partitions, ratePerSecond } = options;
  const brokers = cluster.dataNodes.map(({ process }) => process.bootstrap);
  const js = Array.from({ length: countOf('kafkajs', kafkaJsWriters, options) }, () => {
    return new KafkaJsWriter({
      history: history.writer({ kind: 'kafka', marksAttempts: false }),
      ...{ brokers, topic, partitions, recordsPerSend: 10, payloadBytes, pauseMs: 50 },
    });
  });
  const kcat = Array.from({ length: countOf('kcat', kcatWriters, options) }, (_, index) => {
    return new KcatWriter({
      history: history.writer({ kind: 'kafka', marksAttempts: false }),
      ...{ bootstrap: brokers.join(','), topic, partition: index % partitions, payloadBytes },
      ratePerSecond: ratePerSecond / 4 / kcatWriters,
    });
  });
  return [...js, ...kcat];
};
