import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, type TestContext } from 'vitest';
import { readAllWithKcat } from '../../edge/cli/demo/kcat-reader.ts';
import { requireTools } from '../support/require-tool.ts';
import { fetchCodec } from '../../src/wire/kafka/generated/01-fetch.ts';
import { KafkaRawClient } from './harness/kafka-raw-client.ts';
import { Latencies } from './harness/latencies.ts';
import { PacedPublishers } from './harness/paced-publishers.ts';
import {
  identifierPacket,
  MqttRawClient,
  packetTypes,
  publishPacket,
} from './harness/mqtt-raw-client.ts';
import { startTestNode } from './harness/shorelog-node.ts';

const topic = 'sensors';

interface SlowCase {
  readonly syncMs: number;
  readonly clients: number;
  readonly rate: number;
  readonly ms: number;
}

/** Every fdatasync of the node takes so long, but each thread's first: they are the start's. */
const slowedBy = (syncMs: number): readonly string[] => [
  ...['strace', '-D', '-f', '--seccomp-bpf', '-qq', '-o', '/dev/null', '-e', 'trace=fdatasync'],
  ...['-e', `inject=fdatasync:delay_enter=${syncMs * 1_000}:when=16+`],
];

/** One reading at QoS 2, from PUBLISH to PUBCOMP: three commits. */
const qos2Exchange = async (port: number, msMax: number): Promise<void> => {
  const { client } = await MqttRawClient.connect({ port, clientId: 'twice', cleanSession: false });
  const reading = { topic: 'qos2', payload: 'twice-0', qos: 2, packetId: 9 } as const;
  client.send(publishPacket(reading));
  await client.receive(packetTypes.pubrec, 9, msMax);
  client.send(identifierPacket('pubrel', 9));
  await client.receive(packetTypes.pubcomp, 9, msMax);
  client.destroy();
};

/** A Fetch from the beginning, which the disk answers once the log is long enough. */
const readOldest = async (reader: KafkaRawClient): Promise<void> => {
  const partition = {
    ...{ partition: 0, currentLeaderEpoch: -1, fetchOffset: 0, lastFetchedEpoch: -1 },
    ...{ logStartOffset: -1, partitionMaxBytes: 1_048_576 },
  };
  const { responses } = await reader.ask(fetchCodec, 12, {
    ...{ clusterId: null, replicaId: -1, maxWaitMs: 0, minBytes: 0, maxBytes: 1_048_576 },
    ...{ isolationLevel: 1, sessionId: 0, sessionEpoch: -1, rackId: '' },
    ...{ topics: [{ topic, partitions: [partition] }], forgottenTopicsData: [] },
  });
  expect(responses[0]?.partitions[0]?.errorCode).toBe(0);
};

const underSlowDisk = async (context: TestContext, slow: SlowCase): Promise<void> => {
  requireTools(context, 'strace', 'kcat');
  const { node, remove } = await startTestNode(
    'slow-disk',
    { topics: [{ name: topic, partitions: 2 }] },
    { runUnder: slowedBy(slow.syncMs) },
  );
  try {
    const { clients, rate } = slow;
    const name = 'slow';
    const load = await PacedPublishers.start({ port: node.ports.mqtt, name, clients, rate });
    const qos2 = qos2Exchange(node.ports.mqtt, 20_000 + 4 * slow.syncMs);
    // Told where it is awaited.
    qos2.catch(() => undefined);
    const reader = await KafkaRawClient.connect(node.ports.kafka);
    const reads = new Latencies();
    for (const until = Date.now() + slow.ms; Date.now() < until; await delay(500)) {
      const begunMs = performance.now();
      await readOldest(reader);
      reads.add(performance.now() - begunMs);
    }
    await load.stop(20_000);
    const puback = { p50: load.puback.at(0.5), p99: load.puback.at(0.99) };
    const pingresp = { p50: load.pingresp.at(0.5), max: load.pingresp.at(1) };
    const figures = { syncMs: slow.syncMs, acked: load.acked.size, puback, pingresp };
    process.stdout.write(
      `slow disk: ${JSON.stringify({ ...figures, fetchMs: { p50: reads.at(0.5), max: reads.at(1) } })}\n`,
    );
    await qos2;
    reader.destroy();
    expect(load.disconnected).toBe(0);
    expect(load.acked.size).toBe(load.sent.size);
    expect(load.unansweredPings(10_000)).toBe(0);
    expect(puback.p50).toBeGreaterThan(slow.syncMs / 2);
    const log = await readAllWithKcat({ bootstrap: node.bootstrap, topic, msMax: 30_000 });
    const found = new Set(log.map(({ value }) => (value ?? '').toString().trimEnd()));
    expect([...load.acked].filter((payload) => !found.has(payload))).toEqual([]);
  } finally {
    await remove();
  }
};

it(
  'fsyncs of 200 ms: group commit, nobody is disconnected',
  (context) => underSlowDisk(context, { syncMs: 200, clients: 50, rate: 500, ms: 8_000 }),
  120_000,
);

it(
  'fsyncs of 3 s: still acknowledged in time, pings answered, readers served',
  (context) => underSlowDisk(context, { syncMs: 3_000, clients: 50, rate: 100, ms: 12_000 }),
  180_000,
);
