import { join } from 'node:path';
import { prepareNode } from '../../../edge/cli/demo/node-launcher.ts';
import type { NodeConfig, NodeProcess } from '../../../edge/cli/demo/node-launcher.ts';
import { IdempotentProducer } from './idempotent-producer.ts';
import { LoadPublisher } from './load-publisher.ts';
import { PowerCut } from './power-cut.ts';

/** Partitions of the one topic. */
export const killPartitions = 2;

/** So many publishes are in flight at least when the node is killed; the window is twice that. */
export const inFlightMin = 500;

/** A node under load from both sides, whose power can be cut. */
export interface KillScene {
  readonly node: NodeProcess;
  readonly power: PowerCut;
  readonly load: LoadPublisher;
  readonly kafka: IdempotentProducer;
  close(): Promise<void>;
}

export const killConfig = (segmentBytes: number): NodeConfig => ({
  log: { segmentBytes },
  disk: { reserveBytes: 1_048_576 },
  // For ever: a segment without a record, such as a first LeaderChange alone, is always old enough.
  topics: [{ name: 'sensors', partitions: killPartitions, retentionMs: 'unlimited' }],
});

/** Starts the node in a folder that exists, and 1,000 publishes in flight. */
export const openKillScene = async (folder: string): Promise<KillScene> => {
  const power = new PowerCut(join(folder, 'data'), join(folder, 'synced.txt'));
  const node = await prepareNode({ folder, config: killConfig(1_024), env: power.env });
  await node.start();
  const load = new LoadPublisher({
    ...{ port: node.ports.mqtt, name: 'mqtt', connections: 4, inFlight: inFlightMin / 2 },
  });
  const kafka = new IdempotentProducer({
    ...{ bootstrap: node.bootstrap, topic: 'sensors', name: 'kafka', recordsPerSend: 20 },
  });
  const close = async (): Promise<void> => {
    await kafka.abandon();
    await load.stop(0);
    if (node.isRunning) await node.kill();
  };
  return { node, power, load, kafka, close };
};

/** The folder of a partition's log. */
export const killLogDir = (node: NodeProcess, partition: number): string =>
  join(node.dataDir, 'logs', `sensors-${partition}`);
