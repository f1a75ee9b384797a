import { join } from 'node:path';
import { mkdirSync } from 'node:fs';
import { fail, ok } from '../../../src/base/result.ts';
import type { Result } from '../../../src/base/result.ts';
import { formatAddress } from '../../../src/config/address.ts';
import type { Address } from '../../../src/config/address.ts';
import type { CentralChoice } from './demo-options.ts';
import { consoleConsumerReader, consumeReader, kcatReader } from './demo-reader.ts';
import type { DemoReader } from './demo-reader.ts';
import type { DemoScreen } from './demo-screen.ts';
import { hasKcat } from './kcat-reader.ts';
import { launchKafka } from './kafka-launcher.ts';
import { createTopics } from './kafka-topics.ts';
import type { TopicSpec } from './kafka-topics.ts';
import { launchNode } from './node-launcher.ts';

/** The cluster that the demo's node forwards to. */
export interface DemoCentral {
  readonly kind: 'kafka' | 'embedded';
  readonly version: string;
  readonly bootstrap: string;
  readonly delivery: 'exactlyOnce' | 'atLeastOnce';
  /** How its records are counted. */
  readonly reader: DemoReader;
  close(): Promise<void>;
}

export const demoTopic = 'sensors';
export const demoPartitions = 4;
export const demoCursorTopic = 'shorelog-cursors';

const kafkaTopics: readonly TopicSpec[] = [
  { name: demoTopic, partitions: demoPartitions },
  { name: demoCursorTopic, partitions: 1, configs: { 'cleanup.policy': 'compact' } },
];

/** Starts or finds central and sees to its topics. The failure is a sentence for the user. */
export const openCentral = async (
  choice: CentralChoice,
  folder: string,
  screen: DemoScreen,
): Promise<Result<DemoCentral, string>> => {
  if (choice.kind === 'address') return existingKafka(choice.address);
  if (choice.kind === 'embedded') return ok(await embeddedNode(folder));
  const kafka = await ownKafka(folder, screen);
  if (kafka.ok || choice.kind === 'kafka') return kafka;
  screen.say(`No Apache Kafka here (${kafka.error}).`);
  screen.say('A second Shorelog node plays central, with delivery atLeastOnce.');
  return ok(await embeddedNode(folder));
};

const ownKafka = async (
  parent: string,
  screen: DemoScreen,
): Promise<Result<DemoCentral, string>> => {
  const folder = join(parent, 'central');
  mkdirSync(folder, { recursive: true });
  const launched = await launchKafka({
    folder,
    onProgress: ({ jars, megabytes }) =>
      screen.update([`Getting Apache Kafka, once: ${jars} jars, ${megabytes.toFixed(1)} MB`]),
  });
  if (!launched.ok) return fail(launched.error.text);
  const broker = launched.value;
  await broker.createTopics(kafkaTopics);
  const { version, bootstrap } = broker;
  return ok({
    kind: 'kafka',
    version,
    bootstrap,
    delivery: 'exactlyOnce',
    reader: hasKcat() ? kcatReader(bootstrap, demoTopic) : consoleConsumerReader(broker, demoTopic),
    close: () => broker.stop(),
  });
};

const existingKafka = async (address: Address): Promise<Result<DemoCentral, string>> => {
  const bootstrap = formatAddress(address);
  if (!hasKcat()) return fail('counting at a Kafka of yours needs kcat, which is not installed');
  try {
    await createTopics(address, kafkaTopics, 10_000);
  } catch (error) {
    return fail(`${bootstrap}: ${error instanceof Error ? error.message : String(error)}`);
  }
  return ok({
    kind: 'kafka',
    version: 'unknown',
    bootstrap,
    delivery: 'exactlyOnce',
    reader: kcatReader(bootstrap, demoTopic),
    close: async () => {},
  });
};

const embeddedNode = async (parent: string): Promise<DemoCentral> => {
  const folder = join(parent, 'central');
  mkdirSync(folder, { recursive: true });
  const node = await launchNode({
    folder,
    config: {
      topics: [
        { name: demoTopic, partitions: demoPartitions },
        { name: demoCursorTopic, partitions: 1 },
      ],
    },
  });
  const { version } = (await node.status()).node;
  return {
    kind: 'embedded',
    version,
    bootstrap: node.bootstrap,
    delivery: 'atLeastOnce',
    reader: nodeReader(node.bootstrap),
    close: async () => {
      await node.stop();
    },
  };
};

/** How the records of one of our nodes are counted. */
export const nodeReader = (bootstrap: string): DemoReader =>
  hasKcat() ? kcatReader(bootstrap, demoTopic) : consumeReader(bootstrap, demoTopic);
