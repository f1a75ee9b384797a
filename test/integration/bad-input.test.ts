import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readAllWithKcat } from '../../edge/cli/demo/kcat-reader.ts';
import type { NodeProcess } from '../../edge/cli/demo/node-launcher.ts';
import { Prng } from '../../src/base/prng.ts';
import { limits } from '../../src/base/limits.ts';
import { apiKeys } from '../../src/wire/kafka/api-keys.ts';
import { encodeRequest } from '../../src/wire/kafka/header.ts';
import { compressBatch } from '../../src/wire/kafka/batch-compression.ts';
import { readRecordBatchHeader } from '../../src/wire/kafka/record-batch-header.ts';
import { fetchCodec } from '../../src/wire/kafka/generated/01-fetch.ts';
import { produceCodec } from '../../src/wire/kafka/generated/00-produce.ts';
import { listOffsetsCodec } from '../../src/wire/kafka/generated/02-list-offsets.ts';
import { metadataCodec } from '../../src/wire/kafka/generated/03-metadata.ts';
import { apiVersionsCodec } from '../../src/wire/kafka/generated/18-api-versions.ts';
import { initProducerIdCodec } from '../../src/wire/kafka/generated/22-init-producer-id.ts';
import { requireTools } from '../support/require-tool.ts';
import { residentBytes } from './harness/child-pids.ts';
import { batchOf, KafkaRawClient } from './harness/kafka-raw-client.ts';
import { MqttRawClient, packetTypes, publishPacket } from './harness/mqtt-raw-client.ts';
import { startTestNode } from './harness/shorelog-node.ts';
import { waitUntil } from './harness/wait-until.ts';

const requestBytesMax = 2_000_000;
const batchBytesMax = 100_000;

let node: NodeProcess;
let remove: () => Promise<void>;
/** Both were there before anything bad came, and must go on through all of it. */
let sensor: MqttRawClient;
let kafka: KafkaRawClient;
const stored: string[] = [];
let residentBefore = 0;

beforeAll(async () => {
  ({ node, remove } = await startTestNode('bad-input', {
    kafka: { requestBytesMax },
    log: { batchBytesMax },
    topics: [
      { name: 'sensors', partitions: 1 },
      { name: 'bomb', partitions: 1 },
    ],
  }));
  ({ client: sensor } = await MqttRawClient.connect({ port: node.ports.mqtt, clientId: 'good' }));
  kafka = await KafkaRawClient.connect(node.ports.kafka);
  await stillWorks();
  residentBefore = residentBytes(node.pid);
});
afterAll(() => remove());

/** Both good clients are served, acknowledged and their records counted at the end. */
const stillWorks = async (): Promise<void> => {
  const packetId = (stored.length % 60_000) + 1;
  const [over, direct] = [`mqtt-${stored.length}`, `kafka-${stored.length}`];
  sensor.send(publishPacket({ topic: 'good', payload: over, qos: 1, packetId }));
  await sensor.receive(packetTypes.puback, packetId);
  expect(await kafka.produce('sensors', batchOf(direct))).toMatchObject({ errorCode: 0 });
  stored.push(over, direct);
};

const open = async (port: number): Promise<Socket> => {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
};

interface Outcome {
  readonly isClosed: boolean;
  readonly answer: Buffer;
}

/**
 * Sends bytes and looks for at most `msMax` what comes back, and whether the node hangs up: then it
 * is over at once.
 */
const poke = async (port: number, bytes: Uint8Array, msMax = 20_000): Promise<Outcome> => {
  const socket = await open(port);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  const closed = new Promise<boolean>((resolve) => socket.once('close', () => resolve(true)));
  socket.write(bytes);
  const isClosed = await Promise.race([closed, delay(msMax, false)]);
  socket.destroy();
  return { isClosed, answer: Buffer.concat(chunks) };
};

const framed = (body: Uint8Array, length = body.length): Buffer => {
  const size = Buffer.alloc(4);
  size.writeInt32BE(length);
  return Buffer.concat([size, body]);
};

const int16 = (value: number): number[] => [(value >> 8) & 255, value & 255];
const int32 = (value: number): number[] => [...int16(value >> 16), ...int16(value)];
/** Header version 1, client id null, then the body. */
const request = (key: number, version: number, ...body: number[]): Buffer =>
  framed(Uint8Array.from([...int16(key), ...int16(version), ...int32(7), 255, 255, ...body]));

const hostileFrames: readonly (readonly [string, Buffer])[] = [
  ['a negative length', framed(new Uint8Array(), -1)],
  ['the lowest length', framed(new Uint8Array(), -0x80000000)],
  ['the highest length', framed(new Uint8Array(), 0x7fffffff)],
  ['one byte too many', framed(new Uint8Array(), requestBytesMax + 1)],
  ['nothing at all', framed(new Uint8Array())],
  ['half a header', framed(Uint8Array.of(0, 3, 0))],
  ['an API that nobody has', request(999, 0)],
  ['a negative API', request(-1, -1)],
  ['a version that nobody has', request(apiKeys.produce, 99)],
  ['groups, which are not served', request(11, 0)],
  ['2^31-1 topics in Metadata', request(apiKeys.metadata, 4, ...int32(0x7fffffff), 0)],
  [
    '2^31-1 topics in Produce',
    request(apiKeys.produce, 3, 255, 255, ...int16(-1), ...int32(1_000), ...int32(0x7fffffff)),
  ],
  [
    'a negative array in Produce',
    request(apiKeys.produce, 3, 255, 255, ...int16(-1), ...int32(1_000), ...int32(-2)),
  ],
  [
    '2^31-1 topics in ListOffsets',
    request(apiKeys.listOffsets, 1, ...int32(-1), ...int32(0x7fffffff)),
  ],
  [
    '2^31-1 topics in Fetch',
    request(
      apiKeys.fetch,
      4,
      ...int32(-1),
      ...int32(0),
      ...int32(0),
      ...int32(0),
      0,
      ...int32(0x7fffffff),
    ),
  ],
  ['a compact array of 2^32-1', request(apiKeys.metadata, 9, 0, 255, 255, 255, 255, 15)],
  [
    'a varint without an end',
    request(apiKeys.metadata, 9, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255),
  ],
  ['2^28 tagged fields', request(apiKeys.metadata, 9, 255, 255, 255, 127)],
  ['a string beyond the frame', request(apiKeys.metadata, 4, ...int32(1), 127, 255, 65)],
  ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: gateway\r\n\r\n')],
  ['TLS', Buffer.from('16030100c8010000c403034141414141', 'hex')],
];

test.each(hostileFrames)('Kafka port: %s closes that connection', async (_, bytes) => {
  const { isClosed, answer } = await poke(node.ports.kafka, bytes);
  expect({ isClosed, answer: answer.length }).toEqual({ isClosed: true, answer: 0 });
  await stillWorks();
});

test('Kafka port: an unknown version of ApiVersions is answered with 35', async () => {
  const client = await KafkaRawClient.connect(node.ports.kafka);
  // The connection goes on.
  for (let times = 0; times < 2; times++) {
    client.send(request(apiKeys.apiVersions, 99));
    expect((await client.answer()).readInt16BE(8)).toBe(35);
  }
  client.destroy();
});

const asked = { correlationId: 7, clientId: 'cut' };
const wholeRequests = (): readonly Uint8Array[] => [
  encodeRequest(metadataCodec, 9, asked, {
    topics: null,
    allowAutoTopicCreation: true,
    includeClusterAuthorizedOperations: false,
    includeTopicAuthorizedOperations: false,
  }),
  encodeRequest(apiVersionsCodec, 3, asked, {
    clientSoftwareName: 'cut',
    clientSoftwareVersion: '1',
  }),
  encodeRequest(listOffsetsCodec, 6, asked, {
    replicaId: -1,
    isolationLevel: 0,
    topics: [
      {
        name: 'sensors',
        partitions: [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp: -1 }],
      },
    ],
  }),
  encodeRequest(initProducerIdCodec, 2, asked, {
    transactionalId: null,
    transactionTimeoutMs: 1_000,
    producerId: -1n,
    producerEpoch: -1,
  }),
  encodeRequest(produceCodec, 9, asked, {
    transactionalId: null,
    acks: -1,
    timeoutMs: 1_000,
    topicData: [{ name: '__cluster', partitionData: [{ index: 0, records: batchOf('cut') }] }],
  }),
];

/** What makes up a test's many connections: a few dozen at a time. */
const pokeAll = async (port: number, all: readonly Uint8Array[], msMax: number): Promise<void> => {
  for (let at = 0; at < all.length; at += 40) {
    await Promise.all(all.slice(at, at + 40).map((bytes) => poke(port, bytes, msMax)));
  }
};

test('Kafka port: requests cut at every byte', async () => {
  const bodies = wholeRequests().map((frame) => frame.subarray(4));
  const cut = bodies.flatMap((body) =>
    Array.from({ length: body.length }, (_, length) => framed(body.subarray(0, length))),
  );
  expect(cut.length).toBeGreaterThan(200);
  await pokeAll(node.ports.kafka, cut, 40);
  await stillWorks();
});

test('Kafka port: requests with bytes overwritten, and noise', async () => {
  const prng = new Prng(2_026);
  const byte = (): number => prng.below(256);
  const bodies = wholeRequests().map((frame) => frame.subarray(4));
  const changed = Array.from({ length: 400 }, (_, index) => {
    const body = Uint8Array.from(bodies[index % bodies.length] ?? []);
    // Behind API key and version, so that it reaches that decoder.
    for (let times = 0; times < 3; times += 1) body[4 + prng.below(body.length - 4)] = byte();
    return framed(body);
  });
  const noise = Array.from({ length: 200 }, (_, index) => {
    const bytes = Uint8Array.from({ length: 1 + prng.below(600) }, byte);
    return index % 2 === 0 ? bytes : framed(bytes);
  });
  await pokeAll(node.ports.kafka, [...changed, ...noise], 40);
  await stillWorks();
});

test('Kafka port: batches that are not what they say', async () => {
  const codeOf = async (records: Uint8Array | null): Promise<number> =>
    (await kafka.produce('sensors', records)).errorCode;
  const good = batchOf('never', 'stored');
  const withByte = (at: number, value: number): Uint8Array => {
    const bytes = Uint8Array.from(good);
    bytes[at] = value;
    return bytes;
  };
  expect(await codeOf(null)).toBe(87);
  expect(await codeOf(new Uint8Array())).toBe(2);
  expect(await codeOf(good.subarray(0, good.length - 1))).toBe(2);
  expect(await codeOf(withByte(16, 1))).toBe(87);
  expect(await codeOf(withByte(good.length - 2, 0xff))).toBe(2);
  expect(await codeOf(withByte(8, 0x7f))).toBe(2);
  expect(await codeOf(Buffer.concat([good, good]))).toBe(87);
  expect(await codeOf(batchOf(Buffer.alloc(batchBytesMax)))).toBe(10);
  await stillWorks();
});

test('Kafka port: clients that send slowly, stop half way, or never read', async () => {
  const slow = await KafkaRawClient.connect(node.ports.kafka);
  const [metadata = new Uint8Array()] = wholeRequests();
  const idle = await open(node.ports.kafka);
  idle.write(framed(metadata.subarray(4), requestBytesMax));
  const deaf = await open(node.ports.kafka);
  deaf.pause();
  // Answers of some 100 bytes each: as many as are enough to fill every buffer on the way.
  const many = Buffer.concat(Array.from({ length: 2_000 }, () => metadata));
  for (let times = 0; times < 60 && !deaf.destroyed; times += 1) deaf.write(many);
  for (const byte of metadata) {
    slow.send(Uint8Array.of(byte));
    await delay(2);
  }
  expect((await slow.answer()).readInt32BE(4)).toBe(7);
  await stillWorks();
  for (const socket of [idle, deaf]) socket.destroy();
  slow.destroy();
  await stillWorks();
});

/** 40 KB that unpack to 40 MB, in a batch whose header and CRC are right. */
const bombBatch = (): Uint8Array => {
  const batch = batchOf('small', 'small');
  const header = readRecordBatchHeader(batch);
  if (!header.ok) throw new Error(header.error);
  const bomb = gzipSync(Buffer.alloc(40_000_000));
  const port = { supports: () => true, compress: () => bomb, decompress: () => undefined };
  return compressBatch(batch, header.value, 'gzip', port);
};

test('Kafka port: small requests that ask for much', async () => {
  expect(await kafka.produce('bomb', bombBatch())).toMatchObject({ errorCode: 0 });
  const same = { partitionIndex: 0, currentLeaderEpoch: -1 };
  const search = (name: string, count: number, timestamp: number): Uint8Array =>
    encodeRequest(listOffsetsCodec, 6, asked, {
      replicaId: -1,
      isolationLevel: 0,
      topics: [{ name, partitions: Array.from({ length: count }, () => ({ ...same, timestamp })) }],
    });
  const fetched = {
    partition: 0,
    currentLeaderEpoch: -1,
    lastFetchedEpoch: -1,
    logStartOffset: -1,
  };
  const partitions = Array.from({ length: 20_000 }, () => {
    return { ...fetched, fetchOffset: 0, partitionMaxBytes: 1_000_000 };
  });
  const fetch = encodeRequest(fetchCodec, 11, asked, {
    ...{ clusterId: null, replicaId: -1, maxWaitMs: 100, minBytes: 1, maxBytes: 1_000_000 },
    ...{ isolationLevel: 0, sessionId: 0, sessionEpoch: -1, forgottenTopicsData: [], rackId: '' },
    topics: [{ topic: 'sensors', partitions }],
  });
  // Searches that would go on for minutes: they end with their connections.
  const all = [search('sensors', 60_000, 0), search('bomb', 5_000, Date.now() - 1_000), fetch];
  const poked = Promise.all(all.map((bytes) => poke(node.ports.kafka, bytes, 2_000)));
  for (let times = 0; times < 10; times += 1) await stillWorks();
  await poked;
  await stillWorks();
});

const text = (value: string): number[] => [
  ...int16(Buffer.byteLength(value)),
  ...Buffer.from(value),
];
const packet = (first: number, ...body: number[]): Buffer => {
  const lengths = body.length < 128 ? [body.length] : [(body.length & 127) | 128, body.length >> 7];
  return Buffer.from([first, ...lengths, ...body]);
};
const connectOf = (clientId: string, flags = 2, level = 4, name = 'MQTT'): Buffer =>
  packet(0x10, ...text(name), level, flags, 0, 60, ...text(clientId));

const unconnected: readonly (readonly [string, Buffer])[] = [
  ['a PUBLISH and no CONNECT', publishPacket({ topic: 'a', payload: 'b', qos: 1, packetId: 1 })],
  ['a PINGREQ and no CONNECT', Buffer.from([0xc0, 0])],
  ['a reserved packet type', Buffer.from([0, 0])],
  ['a length of five bytes', Buffer.from([0x10, 255, 255, 255, 255, 1])],
  ['a CONNECT of 256 MB', Buffer.from([0x10, 255, 255, 255, 127])],
  [
    'a CONNECT of 5,000 bytes',
    packet(0x10, ...text('MQTT'), 4, 2, 0, 60, ...text('x'.repeat(5_000))),
  ],
  ['an empty CONNECT', packet(0x10)],
  ['a CONNECT that breaks off', packet(0x10, ...text('MQTT'), 4)],
  ['a client id beyond the packet', packet(0x10, ...text('MQTT'), 4, 2, 0, 60, 255, 255, 65)],
  ['another protocol', connectOf('x', 2, 4, 'HTTP')],
  ['protocol level 9', connectOf('x', 2, 9)],
  ['MQTT 5, which is not served yet', packet(0x10, ...text('MQTT'), 5, 2, 0, 60, 0, ...text('x'))],
  ['reserved CONNECT flags', connectOf('x', 3)],
  ['a client id with NUL', connectOf('a\u0000b')],
  ['no client id and a session to keep', connectOf('', 0)],
  ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: gateway\r\n\r\n')],
];

test.each(unconnected)('MQTT port: %s is no session', async (_, bytes) => {
  const { isClosed, answer } = await poke(node.ports.mqtt, bytes);
  expect(isClosed).toBe(true);
  // At most a CONNACK that refuses.
  if (answer.length > 0)
    expect([answer[0], answer.length, answer[3] !== 0]).toEqual([0x20, 4, true]);
  await stillWorks();
});

const levels = Array.from({ length: limits.mqttTopicLevelsMax + 1 }, () => 'x').join('/');
const publish = (topic: string): Buffer =>
  publishPacket({ topic, payload: 'never', qos: 1, packetId: 9 });

const connected: readonly (readonly [string, Buffer])[] = [
  ['the topic +/a', publish('+/a')],
  ['the topic #', publish('#')],
  ['an empty topic', publish('')],
  ['a topic with NUL', publish('a\u0000b')],
  ['a topic of too many levels', publish(levels)],
  ['a topic of 65,535 levels', publish('/'.repeat(65_535))],
  ['a topic that is not UTF-8', packet(0x32, 0, 2, 0xc3, 0x28, 0, 9, 65)],
  ['a topic beyond the packet', packet(0x32, 255, 255, 65)],
  ['QoS 3', packet(0x36, ...text('a'), 0, 9, 65)],
  ['packet identifier 0', packet(0x32, ...text('a'), 0, 0, 65)],
  ['packet identifier 0 at QoS 2', packet(0x34, ...text('a'), 0, 0, 65)],
  ['a second CONNECT', connectOf('again')],
  ['a server packet', packet(0x20, 0, 0)],
  ['a packet above the limit', Buffer.from([0x32, 128, 128, 128, 1])],
  ['a length of five bytes', Buffer.from([0x32, 255, 255, 255, 255, 1])],
  [
    'a reading that no batch can hold',
    publishPacket({ topic: 'a', payload: Buffer.alloc(200_000), qos: 1, packetId: 9 }),
  ],
  ['a SUBSCRIBE without a filter', packet(0x82, 0, 9)],
  ['a SUBSCRIBE without its flags', packet(0x80, 0, 9, ...text('a'), 0)],
  ['a PUBREL without its flags', packet(0x60, 0, 9)],
];

test.each(connected)('MQTT port: %s ends the connection', async (_, bytes) => {
  const all = Buffer.concat([connectOf('bad'), bytes]);
  const { isClosed, answer } = await poke(node.ports.mqtt, all);
  // CONNACK, and no PUBACK behind it.
  expect({ isClosed, answer: [...answer] }).toEqual({ isClosed: true, answer: [0x20, 2, 0, 0] });
  await stillWorks();
});

test('MQTT port: noise, before and after CONNECT', async () => {
  const prng = new Prng(42);
  const noise = Array.from({ length: 400 }, (_, index) => {
    const length = 1 + prng.below(200);
    const bytes = Buffer.from(Uint8Array.from({ length }, () => prng.below(256)));
    if (index % 2 === 0) return bytes;
    // Never a PUBLISH, which might be a good one.
    if (bytes.readUInt8(0) >> 4 === packetTypes.publish) bytes.writeUInt8(0x82, 0);
    bytes.writeUInt8(length - 2 < 0 ? 0 : Math.min(length - 2, 127), Math.min(1, length - 1));
    return Buffer.concat([connectOf(`noise-${index}`), bytes]);
  });
  await pokeAll(node.ports.mqtt, noise, 60);
  await stillWorks();
});

test('MQTT port: clients that say nothing, send slowly, or never read', async () => {
  const [silent, half] = [await open(node.ports.mqtt), await open(node.ports.mqtt)];
  const ended = Promise.all([once(silent, 'close'), once(half, 'close')]);
  half.write(connectOf('half').subarray(0, 5));

  const { client: deaf } = await MqttRawClient.connect({
    port: node.ports.mqtt,
    clientId: 'deaf',
  });
  deaf.send(packet(0x82, 0, 1, ...text('#'), 0));
  await deaf.receive(9);
  deaf.socket.pause();

  const { client: slow } = await MqttRawClient.connect({
    port: node.ports.mqtt,
    clientId: 'slow',
  });
  const acknowledged = slow.receive(packetTypes.puback, 3);
  for (const byte of publishPacket({ topic: 'slow', payload: 'slow', qos: 1, packetId: 3 })) {
    slow.send(Buffer.from([byte]));
    await delay(2);
  }
  await acknowledged;
  stored.push('slow');

  // More than every buffer between us and the subscriber that does not read.
  for (let index = 0; index < 200; index += 1) {
    const payload = `bulk-${index}-`.padEnd(60_000, '.');
    slow.send(publishPacket({ topic: 'bulk', payload, qos: 1, packetId: 1_000 + index }));
    stored.push(payload);
    await slow.receive(packetTypes.puback, 1_000 + index);
  }
  await stillWorks();
  // mqttConnectTimeoutMs is 5 s.
  expect(await Promise.race([ended.then(() => 'closed'), delay(30_000, 'open')])).toBe('closed');
  // mqttDrainTimeoutMs too: of all, the good sensor and the slow one are left.
  await waitUntil('the subscriber that never reads is gone', 30_000, async () => {
    return (await node.status()).mqtt.connections === 2;
  });
  for (const client of [deaf, slow]) client.destroy();
});

test('after all of that: nothing lost, nothing added, little memory, a clean stop', async (context) => {
  requireTools(context, 'kcat');
  await stillWorks();
  expect(residentBytes(node.pid) - residentBefore).toBeLessThan(300 * 1024 * 1024);
  const records = await readAllWithKcat({
    bootstrap: node.bootstrap,
    topic: 'sensors',
    msMax: 20_000,
  });
  expect(records.map(({ value }) => value?.toString())).toEqual(stored);
  expect((await node.status()).health).toBe('ok');
  sensor.destroy();
  kafka.destroy();
  expect(await node.stop()).toMatchObject({ code: 0 });
  const output = node.output();
  expect(output).not.toMatch(/^\s+at |node:internal|\bbug\b/m);
  expect(output).not.toMatch(/"level":"(?:error|fatal)"/);
});
