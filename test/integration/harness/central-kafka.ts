import type { TestContext } from 'vitest';
import type { KafkaBroker } from '../../../edge/cli/demo/kafka-launcher.ts';
import type { TopicSpec } from '../../../edge/cli/demo/kafka-topics.ts';
import { requireTools } from '../../support/require-tool.ts';
import { KafkaFaultProxy } from './kafka-fault-proxy.ts';
import { requireOwnKafka } from './require-kafka.ts';
import { makeTempFolder, removeTempFolder } from './temp-folder.ts';

/** A Kafka of the test's own and the proxy in front of it. */
export interface CentralKafka {
  readonly broker: KafkaBroker;
  readonly proxy: KafkaFaultProxy;
  /** After `proxy.stop()`, which leaves a closed port: another one on the same port. */
  reopen(): Promise<KafkaFaultProxy>;
  /** Ends both and deletes what they stored. */
  close(): Promise<void>;
}

/** Skips, or fails where they are required, without Kafka or kcat. */
export const openCentralKafka = async (
  context: Pick<TestContext, 'skip'>,
  topics: readonly TopicSpec[],
): Promise<CentralKafka> => {
  requireTools(context, 'kcat');
  const folder = makeTempFolder('central');
  const broker = await requireOwnKafka(context, { folder, proxySlots: 1 });
  const slot = broker.proxySlots[0];
  if (slot === undefined) throw new Error('no proxy slot');
  await broker.createTopics(topics);
  const ports = { listenPort: slot.advertisedPort, targetPort: slot.listenPort };
  const proxies = [await KafkaFaultProxy.start(ports)];
  const reopen = async (): Promise<KafkaFaultProxy> => {
    const proxy = await KafkaFaultProxy.start(ports);
    proxies.push(proxy);
    return proxy;
  };
  const close = async (): Promise<void> => {
    for (const proxy of proxies) await proxy.stop();
    await broker.kill();
    removeTempFolder(folder);
  };
  return { broker, proxy: proxies[0] as KafkaFaultProxy, reopen, close };
};
