import fc from 'fast-check';
import mqttPacket from 'mqtt-packet';
import type { Packet } from 'mqtt-packet';
import { expect, test } from 'vitest';
import { MqttPublishDecoder } from '../../../edge/mqtt-publish-decoder.ts';
import { limits } from '../../../src/base/limits.ts';
import { isPublishTopic } from '../../../edge/mqtt-publish.ts';

/** What the decoder takes of a chunk, and where it stops. */
function decoded(chunk: Buffer, packetBytesMax = 1_000): { packets: unknown[]; end: number } {
  const decoder = new MqttPublishDecoder(packetBytesMax);
  const packets: unknown[] = [];
  let at = 0;
  while (at < chunk.length) {
    const end = decoder.read(chunk, at);
    if (end === at) break;
    const { mqttTopic, payload, qos, retain, packetId, isRelease } = decoder;
    if (isRelease) packets.push({ packetId });
    else
      packets.push({ topic: mqttTopic, payload: payload.toString('hex'), qos, retain, packetId });
    at = end;
  }
  return { packets, end: at };
}

/** The same by the parser that aedes uses: leading publishes that are ours, without a fault. */
function byParser(chunk: Buffer): unknown[] {
  const packets: Packet[] = [];
  const parser = mqttPacket.parser();
  parser.on('packet', (packet) => packets.push(packet));
  parser.on('error', () => undefined);
  parser.parse(chunk);
  const ours: unknown[] = [];
  for (const packet of packets) {
    if (packet.cmd === 'pubrel' && packet.messageId !== 0) {
      ours.push({ packetId: packet.messageId });
      continue;
    }
    if (packet.cmd !== 'publish' || !isPublishTopic(packet.topic)) break;
    const { topic, payload, qos, retain, messageId, dup } = packet;
    if ((qos > 0 && messageId === 0) || (qos === 0 && dup)) break;
    const hex = Buffer.from(payload).toString('hex');
    ours.push({ topic, payload: hex, qos, retain, packetId: messageId ?? 0 });
  }
  return ours;
}

const releaseArbitrary = fc
  .integer({ min: 1, max: 65_535 })
  .map((messageId) => mqttPacket.generate({ cmd: 'pubrel', messageId }));

const publishArbitrary = fc
  .record({
    topic: fc.constantFrom('t', 'a/b', 'ä/€', 'a/#', '', 'site/line/1'),
    payload: fc.uint8Array({ maxLength: 200 }),
    qos: fc.constantFrom(0 as const, 1 as const, 1 as const, 2 as const),
    retain: fc.boolean(),
    messageId: fc.integer({ min: 1, max: 65_535 }),
  })
  .map(({ payload, ...rest }) => ({ cmd: 'publish', dup: false, payload, ...rest }) as const)
  .map((packet) => mqttPacket.generate({ ...packet, payload: Buffer.from(packet.payload) }));

const packetArbitrary = fc.oneof(
  { arbitrary: publishArbitrary, weight: 4 },
  { arbitrary: releaseArbitrary, weight: 1 },
);

test('takes the same packets as the parser of the engine, up to the first that is not its own', () => {
  fc.assert(
    fc.property(fc.array(packetArbitrary, { maxLength: 8 }), (packets) => {
      const chunk = Buffer.concat(packets);
      expect(decoded(chunk).packets).toEqual(byParser(chunk));
    }),
  );
});

test('of damaged bytes it takes nothing that the parser would not take', () => {
  const flips = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(
      fc.array(packetArbitrary, { minLength: 1, maxLength: 4 }),
      flips,
      (packets, bad) => {
        const chunk = Buffer.concat(packets);
        for (const [at, value] of bad) chunk[at % chunk.length] = value;
        const { packets: taken } = decoded(chunk);
        expect(byParser(chunk).slice(0, taken.length)).toEqual(taken);
      },
    ),
    { numRuns: 500 },
  );
});

test('a packet that is cut anywhere waits for the rest', () => {
  const packet = mqttPacket.generate({
    ...{ cmd: 'publish', topic: 'a/b', payload: 'x'.repeat(200), qos: 1, messageId: 7 },
    ...{ retain: false, dup: false },
  });
  for (let bytes = 1; bytes < packet.length; bytes++) {
    const decoder = new MqttPublishDecoder(1_000);
    expect(decoder.read(packet.subarray(0, bytes), 0)).toBe(0);
    expect(decoder.needsMore).toBe(true);
  }
  expect(decoded(packet).end).toBe(packet.length);
});

test('a packet at the limit is taken, one above it is left, cut or not', () => {
  const packet = mqttPacket.generate({
    ...{ cmd: 'publish', topic: 't', payload: 'x'.repeat(500), qos: 0 },
    ...{ retain: false, dup: false },
  });
  expect(decoded(packet, packet.length).end).toBe(packet.length);
  const decoder = new MqttPublishDecoder(packet.length - 1);
  for (const chunk of [packet, packet.subarray(0, 10)]) {
    expect(decoder.read(chunk, 0)).toBe(0);
    expect(decoder.needsMore).toBe(false);
  }
});

test('between chunks it keeps a short topic, and nothing of the chunk', () => {
  const decoder = new MqttPublishDecoder(10_000);
  for (const length of [limits.mqttTopicCachedLengthMax, limits.mqttTopicCachedLengthMax + 1]) {
    const topic = 'x'.repeat(length);
    const packet = mqttPacket.generate({
      ...{ cmd: 'publish', topic, payload: 'x'.repeat(200), qos: 0 },
      ...{ retain: false, dup: false },
    });
    for (let time = 1; time <= 2; time++) {
      expect(decoder.read(packet, 0)).toBe(packet.length);
      expect(decoder.mqttTopic).toBe(topic);
      decoder.forget();
      expect(decoder.payload.length).toBe(0);
      expect(decoder.mqttTopic.length).toBeLessThanOrEqual(limits.mqttTopicCachedLengthMax);
    }
  }
});
