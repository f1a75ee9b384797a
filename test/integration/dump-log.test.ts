import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { NodeProcess } from '../../edge/cli/demo/node-launcher.ts';
import { RecordBatchBuilder } from '../../src/wire/kafka/record-batch-builder.ts';
import { noRecordHeaders } from '../../src/wire/kafka/record-headers.ts';
import { requireTools } from '../support/require-tool.ts';
import {
  dumpLogSegments,
  requireDumpTool,
  segmentFilesBelow,
} from './harness/dump-log-segments.ts';
import type { Dump, DumpedRecord } from './harness/dump-log-segments.ts';
import { hasKafkaPython, produceWithKafkaPython } from './harness/kafka-python.ts';
import { KafkaRawClient } from './harness/kafka-raw-client.ts';
import { LoadPublisher } from './harness/load-publisher.ts';
import { MqttRawClient } from './harness/mqtt-raw-client.ts';
import { walkQos2 } from './harness/qos2-steps.ts';
import { runKcat } from './harness/run-program.ts';
import { startTestNode } from './harness/shorelog-node.ts';
import { waitUntil } from './harness/wait-until.ts';

let node: NodeProcess;
let folder: string;
let remove: () => Promise<void>;
const readings = new Set<string>();
const uncertain = new Set<string>();

beforeAll(async () => {
  ({ node, folder, remove } = await startTestNode('dump-log', {
    log: { segmentBytes: 32_768, indexIntervalBytes: 256 },
    topics: [
      { name: 'sensors', partitions: 2 },
      { name: 'short', partitions: 1, retentionBytes: 100_000 },
      { name: 'times', partitions: 1, retentionMs: 'unlimited' },
    ],
    routes: [
      { from: 'short/#', topic: 'short' },
      { from: '#', topic: 'sensors' },
    ],
  }));
});
afterAll(() => remove());

const publish = async (name: string, topic: string, count: number): Promise<void> => {
  const mqttTopicOf = (_: number, sequence: number): string => `${topic}/${sequence % 8}`;
  const { mqtt: port } = node.ports;
  const load = new LoadPublisher({ port, name, inFlight: 50, ackedMax: count, mqttTopicOf });
  await load.finished();
  for (const identity of load.acked) if (topic !== 'short') readings.add(identity);
};

const publishQos2 = async (name: string, count: number): Promise<void> => {
  const { client } = await MqttRawClient.connect({ port: node.ports.mqtt, clientId: name });
  for (let packetId = 1; packetId <= count; packetId += 1) {
    const payload = `${name}-${packetId}`;
    await walkQos2(client, { packetId, topic: `two/${packetId}`, payload });
    readings.add(payload);
  }
  await client.end();
};

/** As the tool counts: batches of one record and of many, idempotent, compressed. */
const produce = async (name: string, ...settings: string[]): Promise<void> => {
  const values = Array.from({ length: 700 }, (_, index) => `${name}-${index}`);
  const args = settings.flatMap((setting) => ['-X', setting]);
  const run = await runKcat(
    ['-P', '-b', node.bootstrap, '-t', 'sensors', '-p', '1', ...args],
    values.join('\n'),
  );
  expect(run, name).toMatchObject({ code: 0 });
  values.forEach((value) => readings.add(value));
};

/** Timestamps of producers whose clocks go back, stand still or lie, in and between batches. */
const produceAnyTimes = async (batches: number): Promise<void> => {
  const client = await KafkaRawClient.connect(node.ports.kafka);
  const now = Date.now();
  for (let index = 0; index < batches; index += 1) {
    const clocks = [now, now - 86_400_000, now + 3_600_000 - index * 1_000, 5, index * 1_000, -1];
    const begin = clocks[index % clocks.length] ?? 0;
    const builder = new RecordBatchBuilder();
    for (const delta of [2, 0, 1]) {
      builder.append(begin + delta, undefined, Buffer.from('time'), noRecordHeaders);
    }
    expect(await client.produce('times', builder.finish())).toMatchObject({ errorCode: 0 });
  }
  client.destroy();
};

const partitionsByFolder = async (): Promise<Map<string, { start: number; end: number }>> => {
  const { partitions } = await node.status();
  return new Map(
    partitions.map(({ topic, partition, logStartOffset: start, logEndOffset: end }) => [
      `${topic}-${partition}`,
      { start, end },
    ]),
  );
};

/** Records of one partition from the log start on, over all its segments. */
const recordsOf = (dump: Dump, partition: string, from: number): DumpedRecord[] =>
  [...dump.records]
    .filter(([file]) => file.startsWith(`${partition}/`))
    .flatMap(([, records]) => records)
    .filter(({ offset }) => offset >= from);

const dumpAll = async (context: Parameters<typeof requireDumpTool>[0]): Promise<Dump> => {
  const tool = await requireDumpTool(context);
  const dump = await dumpLogSegments(tool, segmentFilesBelow(join(node.dataDir, 'logs')));
  expect(dump.complaints).toEqual([]);
  expect(dump.code).toBe(0);
  return dump;
};

/** Every offset once and in order, as the status counts them; every reading exactly once. */
const expectAll = (dump: Dump, partitions: Map<string, { start: number; end: number }>): void => {
  for (const [partition, { start, end }] of partitions) {
    const offsets = recordsOf(dump, partition, start).map(({ offset }) => offset);
    const expected = Array.from({ length: end - start }, (_, index) => start + index);
    expect(offsets, partition).toEqual(expected);
  }
  const payloads = ['sensors-0', 'sensors-1']
    .flatMap((partition) => recordsOf(dump, partition, 0))
    .filter(({ isControl }) => !isControl)
    .map(({ payload }) => payload);
  const known = payloads.filter((payload) => !uncertain.has(payload));
  expect(known.length).toBe(readings.size);
  expect(new Set(known)).toEqual(readings);
};

const controlRecords = (dump: Dump, partition: string): number =>
  recordsOf(dump, partition, 0).filter(({ isControl }) => isControl).length;

test('Kafka reads what a running and a stopped node has on its disk', async (context) => {
  requireTools(context, 'kcat');
  await requireDumpTool(context);

  await publish('a', 'load', 2_000);
  await publishQos2('two-a', 20);
  await produce('plain');
  await produce('idempotent', 'enable.idempotence=true', 'linger.ms=0', 'batch.num.messages=7');
  await produce('gzip', 'compression.codec=gzip');
  await produceAnyTimes(300);
  await publish('gone', 'short', 3_000);
  await waitUntil('a retention delete', 30_000, async () => {
    const range = (await partitionsByFolder()).get('short-0');
    return range !== undefined && range.start > 0;
  });
  await node.restart('stop');
  await publish('b', 'load', 500);
  await publishQos2('two-b', 5);
  if (hasKafkaPython()) {
    const values = Array.from({ length: 300 }, (_, index) => `python-${index}`);
    const target = { bootstrap: node.bootstrap, topic: 'sensors', msMax: 20_000 };
    await produceWithKafkaPython(
      target,
      values.map((value) => ({ value, partition: 0 })),
    );
    values.forEach((value) => readings.add(value));
  }

  const running = await dumpAll(context);
  expectAll(running, await partitionsByFolder());
  expect(controlRecords(running, 'sensors-0')).toBe(2);
  const segments = [...running.records.keys()].filter((file) => file.startsWith('sensors-'));
  expect(segments.length).toBeGreaterThan(6);
  expect(running.indexEntries).toBeGreaterThan(segments.length * 10);

  // Frozen in the middle of a load: whatever has a PUBACK is there, and nothing is half there.
  const { mqtt: port } = node.ports;
  const load = new LoadPublisher({ port, name: 'killed', connections: 2, inFlight: 200 });
  await waitUntil('a load', 30_000, () => load.acked.size > 1_000);
  node.signal('SIGSTOP');
  const acked = [...load.acked];
  const frozen = await dumpAll(context);
  const payloads = new Set([...frozen.records.values()].flat().map(({ payload }) => payload));
  expect(acked.filter((identity) => !payloads.has(identity))).toEqual([]);
  node.signal('SIGCONT');

  // SIGKILL in the middle of a load: recovery writes segments and indexes anew.
  await waitUntil('more load', 30_000, () => load.acked.size > acked.length + 500);
  await node.kill();
  await waitUntil('its end', 30_000, () => load.inFlight === 0 && load.uncertain.size > 0);
  await load.stop();
  load.acked.forEach((identity) => readings.add(identity));
  load.uncertain.forEach((identity) => uncertain.add(identity));
  await node.start();
  await publish('c', 'load', 300);

  const recovered = await dumpAll(context);
  expectAll(recovered, await partitionsByFolder());
  expect(controlRecords(recovered, 'sensors-0')).toBe(3);

  const partitions = await partitionsByFolder();
  expect(await node.stop()).toMatchObject({ code: 0 });
  expectAll(await dumpAll(context), partitions);
});

test('the check sees a false index entry and a flipped bit', async (context) => {
  const tool = await requireDumpTool(context);
  const files = segmentFilesBelow(join(node.dataDir, 'logs', 'sensors-0'));
  const [index = '', log = ''] = files;
  const bytes = readFileSync(index);
  expect(bytes.length).toBeGreaterThan(16);
  bytes.writeInt32BE(bytes.readInt32BE(0) + 1, 0);
  const copy = join(folder, '00000000000000000000.index');
  writeFileSync(copy, bytes);
  const logBytes = readFileSync(log);
  writeFileSync(copy.replace('.index', '.log'), logBytes);
  expect((await dumpLogSegments(tool, [copy])).complaints).not.toEqual([]);
  logBytes.writeUInt8(logBytes.readUInt8(120) ^ 1, 120);
  writeFileSync(copy.replace('.index', '.log'), logBytes);
  const flipped = await dumpLogSegments(tool, [copy.replace('.index', '.log')]);
  expect([flipped.code, flipped.complaints]).not.toEqual([0, []]);
});
