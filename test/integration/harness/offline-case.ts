import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import type { TestContext } from 'vitest';
import type { NodeProcess } from '../../../edge/cli/demo/node-launcher.ts';
import type { PartitionStatus } from '../../../src/core/node-status.ts';
import { openCentralKafka } from './central-kafka.ts';
import type { CentralKafka } from './central-kafka.ts';
import { untilAllForwarded } from './forward-progress.ts';
import { readEdge, tallyForwarded } from './forward-tally.ts';
import type { EdgeRecords, ForwardTally } from './forward-tally.ts';
import type { KafkaFaultProxy } from './kafka-fault-proxy.ts';
import { KcatFeeder } from './kcat-feeder.ts';
import { LoadPublisher } from './load-publisher.ts';
import { startTestNode } from './shorelog-node.ts';
import { waitUntil } from './wait-until.ts';

const topic = 'sensors';
const cursorTopic = 'cursors';
const partitions = 2;
/** The policy is asked once a second and lets go what is a second old. */
const retentionGraceMs = 3_000;

interface OfflineWorld {
  readonly kafka: CentralKafka;
  readonly node: NodeProcess;
}

/**
 * Central is away during the whole load, and everything arrives once it is there; with
 * `absences: 2` it goes away again when retention has begun to delete.
 */
export const checkOffline = async (
  context: Pick<TestContext, 'skip'>,
  absences: 1 | 2,
): Promise<void> => {
  const kafka = await openCentralKafka(context, [
    { name: topic, partitions },
    { name: cursorTopic, partitions: 1, configs: { 'cleanup.policy': 'compact' } },
  ]);
  try {
    // The only address of central that the node knows: closed while it is away.
    await kafka.proxy.stop();
    const { node, remove } = await startTestNode('offline', {
      log: { segmentBytes: 65_536 },
      topics: [{ name: topic, partitions, retentionMs: 1_000, retentionBytes: 65_536 }],
      forward: { central: { bootstrap: [kafka.proxy.bootstrap] }, cursorTopic, lingerMs: 50 },
    });
    try {
      await checkAbsences({ kafka, node }, absences);
    } finally {
      await remove();
    }
  } finally {
    await kafka.close();
  }
};

const checkAbsences = async (world: OfflineWorld, absences: 1 | 2): Promise<void> => {
  const kept = await loadOffline(world);
  const door = await world.kafka.reopen();
  await expectAllAtCentral(world, kept);
  const lastOffsets = await expectRetention(world.node, kept);
  if (absences === 2) await checkSecondAbsence(world, door, kept, lastOffsets);
};

/** Two loads with a SIGKILL of the node between them; all of it stays. */
const loadOffline = async ({ node }: OfflineWorld): Promise<EdgeRecords> => {
  await load(node, 'first', 6_000);
  await node.restart('kill');
  await load(node, 'second', 6_000);
  await delay(retentionGraceMs);
  expect(await logStarts(node)).toEqual([0, 0]);
  const kept = await readEdge({ bootstrap: node.bootstrap, topic });
  expect(kept.size).toBeGreaterThanOrEqual(13_200);
  expect((await node.status()).forward.map(({ state }) => state)).toEqual(['waiting', 'waiting']);
  return kept;
};

/** What is at central goes, except the last forwarded batch: it is the proof of X1. */
const expectRetention = async (node: NodeProcess, kept: EdgeRecords): Promise<number[]> => {
  const lastOffsets = [0, 1].map((partition) =>
    Math.max(...[...kept.values()].filter((r) => r.partition === partition).map((r) => r.offset)),
  );
  await waitUntil('retention of nearly everything', 40_000, async () => {
    const starts = await logStarts(node);
    return lastOffsets.every((offset, partition) => (starts[partition] ?? 0) > offset / 2);
  });
  await delay(retentionGraceMs);
  const rest = await readEdge({ bootstrap: node.bootstrap, topic });
  for (const [partition, offset] of lastOffsets.entries()) {
    expect([...rest.values()]).toContainEqual({ partition, offset });
  }
  return lastOffsets;
};

const checkSecondAbsence = async (
  world: OfflineWorld,
  door: KafkaFaultProxy,
  kept: EdgeRecords,
  lastOffsets: readonly number[],
): Promise<void> => {
  const { kafka, node } = world;
  await door.stop();
  await load(node, 'third', 6_000);
  await delay(retentionGraceMs);
  const all = new Map([...kept, ...(await readEdge({ bootstrap: node.bootstrap, topic }))]);
  expect(all.size).toBeGreaterThanOrEqual(kept.size + 6_600);
  const starts = await logStarts(node);
  for (const [partition, offset] of lastOffsets.entries()) {
    expect(starts[partition]).toBeLessThanOrEqual(offset);
  }
  await kafka.reopen();
  await expectAllAtCentral(world, all);
};

const expectAllAtCentral = async (
  { kafka, node }: OfflineWorld,
  records: EdgeRecords,
): Promise<void> => {
  await untilAllForwarded(node, 90_000);
  const { bootstrap } = kafka.broker;
  const tally = await tallyForwarded(records, { bootstrap, topic, partitions });
  process.stdout.write(`offline: ${JSON.stringify(tally)}\n`);
  const expected: ForwardTally = {
    atEdge: records.size,
    atCentral: records.size,
    lost: 0,
    duplicates: 0,
    outOfOrder: 0,
    misplaced: 0,
    unknown: 0,
  };
  expect(tally).toEqual(expected);
};

const logStarts = async (node: NodeProcess): Promise<number[]> =>
  (await logs(node)).map(({ logStartOffset }) => logStartOffset);

const logs = async (node: NodeProcess): Promise<PartitionStatus[]> =>
  (await node.status()).partitions.filter((partition) => partition.topic === topic);

const load = async (node: NodeProcess, name: string, count: number): Promise<void> => {
  const feeder = new KcatFeeder({ bootstrap: node.bootstrap, topic, name, valueBytes: 200 });
  const publisher = new LoadPublisher({
    port: node.ports.mqtt,
    name: `${name}-mqtt`,
    inFlight: 50,
    payloadBytes: 200,
    ackedMax: count / 10,
  });
  try {
    await feeder.send(count);
    await publisher.finished();
    await feeder.finish(60_000);
  } finally {
    feeder.kill();
    await publisher.stop(0);
  }
};
