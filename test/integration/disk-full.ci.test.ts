import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { readAllWithKcat } from '../../edge/cli/demo/kcat-reader.ts';
import type { NodeConfig, NodeProcess } from '../../edge/cli/demo/node-launcher.ts';
import { requireTools } from '../support/require-tool.ts';
import { LoadPublisher } from './harness/load-publisher.ts';
import { accountOf, faultless } from './harness/log-account.ts';
import { MqttRawClient, publishPacket } from './harness/mqtt-raw-client.ts';
import { Qos2Publisher } from './harness/qos2-publisher.ts';
import { startTestNode } from './harness/shorelog-node.ts';
import { mountSmallDisk } from './harness/small-disk.ts';
import { decodeGap, type GapValue } from '../../src/wire/state/state-codec.ts';
import { openCentralKafka } from './harness/central-kafka.ts';
import { forwardedTotal, untilAllForwarded } from './harness/forward-progress.ts';
import { readEdge, tallyForwarded } from './harness/forward-tally.ts';
import { waitUntil } from './harness/wait-until.ts';

const topic = 'sensors';
const partitions = 4;
const healedMsMax = 5_000;
const stopMsMax = 10_000;
const foreignBytes = 40_000_000;
const pingResponse = 13;

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
}, 60_000);

const startOn = async (dataDir: string, config: NodeConfig): Promise<NodeProcess> => {
  const started = await startTestNode('disk-full', {
    ...config,
    node: { dataDir },
    topics: [{ name: topic, partitions }],
  });
  cleanUps.push(started.remove);
  return started.node;
};

const startLoad = (node: NodeProcess, name: string): LoadPublisher => {
  const options = { port: node.ports.mqtt, name, connections: 4, inFlight: 100 };
  const load = new LoadPublisher({ ...options, payloadBytes: 500 });
  cleanUps.push(() => load.stop(0));
  return load;
};

const metric = async (node: NodeProcess, name: string): Promise<number> => {
  const answer = await fetch(`http://127.0.0.1:${node.ports.admin}/metrics`);
  const line = (await answer.text()).split('\n').find((one) => one.startsWith(name));
  return Number(line?.split(' ').at(-1));
};

/** How long it takes until publishes are acknowledged again. */
const msUntilAcked = async (load: LoadPublisher): Promise<number> => {
  const before = load.acked.size;
  const begin = performance.now();
  await waitUntil('a PUBACK', healedMsMax, () => load.acked.size > before);
  return performance.now() - begin;
};

const untilFull = (node: NodeProcess): Promise<unknown> =>
  waitUntil('a full disk', 60_000, async () => (await node.status()).health === 'failing');

const readLog = (node: NodeProcess, limit: { readonly recordsMax?: number } = {}) =>
  readAllWithKcat({ bootstrap: node.bootstrap, topic, msMax: 60_000, ...limit });

test('block: nothing acknowledged is lost, QoS 0 is counted, and it heals by itself', async (context) => {
  requireTools(context, 'kcat');
  const disk = mountSmallDisk(context, 64);
  cleanUps.push(disk.unmount);
  disk.occupy('foreign', foreignBytes);
  const node = await startOn(`${disk.folder}/data`, { disk: { whenFull: 'block' } });
  const load = startLoad(node, 'block');
  const { client } = await MqttRawClient.connect({ port: node.ports.mqtt, clientId: 'qos0' });
  await untilFull(node);
  // What was on its way to the disk then is still answered.
  const heldAt = await waitUntil('an end of PUBACKs', 30_000, async () => {
    const { size } = load.acked;
    await delay(500);
    return load.acked.size === size && size;
  });
  const qos0 = publishPacket({ topic: 'qos0', payload: 'x', qos: 0, packetId: 0 });
  client.send(Buffer.concat(Array.from({ length: 100 }, () => qos0)));
  client.send(Buffer.from([0xc0, 0]));
  await client.receive(pingResponse);
  const { disk: full } = await node.status();
  expect(full.droppedQos0).toBe(100);
  expect(await metric(node, 'shorelog_dropped_records_total{reason="qos0"}')).toBe(100);
  expect(load.acked.size).toBe(heldAt);
  client.destroy();

  disk.occupy('rest', 70_000_000);
  expect(disk.freeBytes()).toBe(0);
  await node.restart('kill');
  await untilFull(node);
  const stopMs = performance.now();
  expect(await node.stop()).toEqual({ code: 0, signal: null });
  expect(performance.now() - stopMs).toBeLessThan(stopMsMax);
  await node.start();
  await untilFull(node);
  const acked = new Set(load.acked);
  expect(accountOf(await readLog(node), acked, new Set()).lost).toEqual([]);

  disk.vacate('foreign');
  disk.vacate('rest');
  console.log(`block: ${heldAt} held, PUBACK ${await msUntilAcked(load)} ms after there is room`);
  await load.stop();
  expect(accountOf(await readLog(node), load.acked, load.uncertain)).toMatchObject(faultless);
  expect(load.misplacedAcks).toBe(0);
});

test('dropOldest at disk.budgetBytes: QoS 1 and 2 go on, and what goes is counted', async (context) => {
  requireTools(context, 'kcat');
  const disk = mountSmallDisk(context, 64);
  cleanUps.push(disk.unmount);
  const budgetBytes = 12_000_000;
  const node = await startOn(`${disk.folder}/data`, {
    disk: { whenFull: 'dropOldest', budgetBytes },
  });
  const load = startLoad(node, 'budget');
  const sensor = new Qos2Publisher({ port: node.ports.mqtt, clientId: 'once' });
  cleanUps.push(() => sensor.destroy());
  await sensor.connect();
  let usedBytesMax = 0;
  let freeBytesMin = Infinity;
  const { disk: before } = await node.status();
  expect(before.droppedRecords).toBe(0);
  await waitUntil('drops worth the budget', 60_000, async () => {
    await sensor.handOver();
    const { usedBytes, droppedRecords } = (await node.status()).disk;
    usedBytesMax = Math.max(usedBytesMax, usedBytes);
    freeBytesMin = Math.min(freeBytesMin, disk.freeBytes());
    return droppedRecords > 20_000;
  });
  // What the publishers have in flight may follow, and a status may be asked for between.
  expect(usedBytesMax).toBeLessThan(budgetBytes + 2_000_000);
  expect(freeBytesMin).toBeGreaterThan(20_000_000);
  await node.restart('stop');
  expect(await msUntilAcked(load)).toBeLessThan(healedMsMax);
  await load.stop();
  let logStarts = '';
  await waitUntil('the last drop', 20_000, async () => {
    const { disk: now, partitions: logs } = await node.status();
    const last = logStarts;
    const starts = logs.map(({ logStartOffset }) => logStartOffset).join();
    logStarts = starts;
    // The node looks twice in that time.
    await delay(1_000);
    return now.usedBytes < budgetBytes && starts === last;
  });

  const kept = await readLog(node);
  const { partitions: logs, disk: after } = await node.status();
  const records = logs
    .filter((log) => log.topic === topic)
    .reduce((sum, { highWatermark, leaderEpoch }) => sum + highWatermark - leaderEpoch, 0);
  expect(kept.length + after.droppedRecords).toBe(records);
  const sent = new Set([...load.acked, ...load.uncertain, ...sensor.readings]);
  const account = accountOf(kept, new Set(), sent);
  expect(account).toMatchObject(faultless);
  const values = new Set(kept.map(({ value }) => (value ?? '').toString().trimEnd()));
  const gone = [...load.acked, ...sensor.readings].filter((one) => !values.has(one)).length;
  expect(gone).toBeGreaterThan(0);
  expect(gone).toBeLessThanOrEqual(after.droppedRecords);
  console.log(
    `budget: ${load.acked.size} QoS 1 and ${sensor.readings.length} QoS 2 acknowledged, ` +
      `${kept.length} kept, ${after.droppedRecords} dropped; at most ${usedBytesMax} bytes used`,
  );
});

/** The gap records of the cursor topic, by edge partition; a later one of a key counts. */
const readGaps = async (bootstrap: string): Promise<ReadonlyMap<number, GapValue[]>> => {
  const newest = new Map<string, GapValue>();
  const records = await readAllWithKcat({ bootstrap, topic: 'cursors', msMax: 60_000 });
  for (const { key, value } of records) {
    const name = key?.toString() ?? '';
    if (!name.includes('/gap/') || value === undefined) continue;
    const gap = decodeGap(value);
    if (gap.ok) newest.set(name, gap.value);
  }
  const gaps = new Map<number, GapValue[]>();
  for (const [name, gap] of newest) {
    const partition = Number(name.split('/')[2]);
    gaps.set(partition, [...(gaps.get(partition) ?? []), gap]);
  }
  return gaps;
};

test('dropOldest: what is not at central lies in gaps that are counted and told', async (context) => {
  const disk = mountSmallDisk(context, 64);
  cleanUps.push(disk.unmount);
  const central = await openCentralKafka(context, [
    { name: 'readings', partitions },
    { name: 'cursors', partitions: 1, configs: { 'cleanup.policy': 'compact' } },
  ]);
  cleanUps.push(central.close);
  disk.occupy('foreign', foreignBytes);
  const node = await startOn(`${disk.folder}/data`, {
    disk: { whenFull: 'dropOldest' },
    forward: {
      central: { bootstrap: [`127.0.0.1:${central.broker.proxySlots[0]?.advertisedPort ?? 0}`] },
      cursorTopic: 'cursors',
      lingerMs: 50,
      routes: [{ from: topic, to: 'readings' }],
    },
  });
  const load = startLoad(node, 'drop');
  await waitUntil('records at central', 60_000, async () => (await forwardedTotal(node)) > 4_000);
  await central.proxy.stop();
  const dropped = async (): Promise<number> => (await node.status()).disk.droppedRecords;
  await waitUntil('a drop', 30_000, async () => (await dropped()) > 0);
  expect(await msUntilAcked(load)).toBeLessThan(healedMsMax);
  expect(await readLog(node, { recordsMax: 1_000 })).toHaveLength(1_000);

  // Somebody else fills the disk to the last byte, the node dies, and must start and drop there.
  disk.occupy('rest', 70_000_000);
  await node.kill();
  disk.occupy('more', 70_000_000);
  expect(disk.freeBytes()).toBe(0);
  await node.start();
  await waitUntil('a drop after the start', 30_000, async () => (await dropped()) > 0);
  disk.vacate('foreign');
  disk.vacate('rest');
  disk.vacate('more');
  const healedMs = await msUntilAcked(load);

  await central.reopen();
  await load.stop();
  await untilAllForwarded(node, 60_000);
  const { bootstrap } = central.broker;
  const edge = await readEdge({ bootstrap: node.bootstrap, topic });
  const atCentral = { bootstrap, topic: 'readings', partitions };
  const tally = await tallyForwarded(edge, atCentral);
  expect(tally).toMatchObject({ lost: 0, duplicates: 0, misplaced: 0, outOfOrder: 0 });

  const gaps = await readGaps(bootstrap);
  const counts = new Map<number, number>();
  const values = new Set<string>();
  for (const { partition, value } of await readAllWithKcat({ ...atCentral, msMax: 60_000 })) {
    counts.set(partition, (counts.get(partition) ?? 0) + 1);
    values.add((value ?? '').toString().trimEnd());
  }
  let told = 0;
  for (const { partition, topic: name, highWatermark, leaderEpoch } of (await node.status())
    .partitions) {
    if (name !== topic) continue;
    const inGaps = (gaps.get(partition) ?? []).reduce((sum, { count }) => sum + count, 0);
    told += inGaps;
    // One control batch for each leader epoch; every other offset is a record.
    expect((counts.get(partition) ?? 0) + inGaps).toBe(highWatermark - leaderEpoch);
  }
  expect(await dropped()).toBe(told);
  expect(await metric(node, 'shorelog_dropped_records_total{reason="oldest"}')).toBe(told);
  const gone = [...load.acked].filter((identity) => !values.has(identity)).length;
  expect(gone).toBeGreaterThan(0);
  expect(gone).toBeLessThanOrEqual(told);
  console.log(
    `dropOldest: ${load.acked.size} acknowledged, ${values.size} at central, ${told} in gaps, ` +
      `of them ${gone} acknowledged; PUBACK ${healedMs} ms after there is room`,
  );
});
