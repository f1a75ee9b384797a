import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import type { NodeProcess } from '../../edge/cli/demo/node-launcher.ts';
import type { PartitionStatus } from '../../src/core/node-status.ts';
import { openCentralKafka } from './harness/central-kafka.ts';
import { untilAllForwarded } from './harness/forward-progress.ts';
import { readEdge, tallyForwarded } from './harness/forward-tally.ts';
import { KcatFeeder } from './harness/kcat-feeder.ts';
import { LoadPublisher } from './harness/load-publisher.ts';
import { startTestNode } from './harness/shorelog-node.ts';
import { waitUntil } from './harness/wait-until.ts';

const topic = 'sensors';
const cursorTopic = 'cursors';
const partitions = 2;
/** The policy is asked once a second and lets go what is a second old. */
const retentionGraceMs = 3_000;

const cleanUps: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
});

const logs = async (node: NodeProcess): Promise<PartitionStatus[]> =>
  (await node.status()).partitions.filter((partition) => partition.topic === topic);

const logStarts = async (node: NodeProcess): Promise<number[]> =>
  (await logs(node)).map(({ logStartOffset }) => logStartOffset);

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

test('central is away during the whole load: all of it waits, arrives once, and then goes', async (context) => {
  const kafka = await openCentralKafka(context, [
    { name: topic, partitions },
    { name: cursorTopic, partitions: 1, configs: { 'cleanup.policy': 'compact' } },
  ]);
  cleanUps.push(() => kafka.close());
  // The only address of central that the node knows: closed while it is away.
  let door = kafka.proxy;
  await door.stop();
  const { node, remove } = await startTestNode('offline', {
    log: { segmentBytes: 65_536 },
    topics: [{ name: topic, partitions, retentionMs: 1_000, retentionBytes: 65_536 }],
    forward: { central: { bootstrap: [door.bootstrap] }, cursorTopic, lingerMs: 50 },
  });
  cleanUps.push(remove);
  const edge = { bootstrap: node.bootstrap, topic };
  const central = { bootstrap: kafka.broker.bootstrap, topic, partitions };

  await load(node, 'first', 6_000);
  await node.restart('kill');
  await load(node, 'second', 6_000);
  await delay(retentionGraceMs);
  expect(await logStarts(node)).toEqual([0, 0]);
  const kept = await readEdge(edge);
  expect(kept.size).toBeGreaterThanOrEqual(13_200);
  expect((await node.status()).forward.map(({ state }) => state)).toEqual(['waiting', 'waiting']);

  door = await kafka.reopen();
  await untilAllForwarded(node, 90_000);
  const arrived = await tallyForwarded(kept, central);
  const each = { lost: 0, duplicates: 0, outOfOrder: 0, misplaced: 0, unknown: 0 };
  expect(arrived).toEqual({ atEdge: kept.size, atCentral: kept.size, ...each });

  await waitUntil('retention in every partition', 20_000, async () =>
    (await logStarts(node)).every((start) => start > 0),
  );
  await delay(retentionGraceMs);
  // L10: the last forwarded batch stays, it proves that this is the log that was forwarded.
  const rest = await readEdge(edge);
  expect(rest.size).toBeLessThan(kept.size / 2);
  const lastOffsets = [0, 1].map((partition) =>
    Math.max(...[...kept.values()].filter((r) => r.partition === partition).map((r) => r.offset)),
  );
  for (const [partition, offset] of lastOffsets.entries()) {
    expect([...rest.values()]).toContainEqual({ partition, offset });
  }

  await door.stop();
  const startsBefore = await logStarts(node);
  await load(node, 'third', 6_000);
  await delay(retentionGraceMs);
  const all = new Map([...kept, ...(await readEdge(edge))]);
  expect(all.size).toBeGreaterThanOrEqual(kept.size + 6_600);
  const starts = await logStarts(node);
  for (const [partition, offset] of lastOffsets.entries()) {
    expect(starts[partition]).toBeLessThanOrEqual(offset);
    expect(starts[partition]).toBeGreaterThanOrEqual(startsBefore[partition] ?? 0);
  }
  await kafka.reopen();
  await untilAllForwarded(node, 90_000);
  const inTheEnd = await tallyForwarded(all, central);
  expect(inTheEnd).toEqual({ atEdge: all.size, atCentral: all.size, ...each });
  const kinds = { kept: kept.size, afterRetention: rest.size, logStarts: starts };
  process.stdout.write(`offline: ${JSON.stringify({ ...inTheEnd, ...kinds })}\n`);
}, 180_000);
