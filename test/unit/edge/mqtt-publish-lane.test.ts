import mqtt from 'mqtt';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Client } from 'aedes';
import type { MqttConnection } from '../../../edge/mqtt-connection.ts';
import { MqttInbound } from '../../../edge/mqtt-inbound.ts';
import { MqttPending } from '../../../edge/mqtt-pending.ts';
import { MqttPublishLane } from '../../../edge/mqtt-publish-lane.ts';
import type { Unanswered } from '../../../edge/mqtt-unanswered.ts';
import { connectionId } from '../../../src/base/brand.ts';
import { limits } from '../../../src/base/limits.ts';
import { Ring } from '../../../src/base/ring.ts';
import type { Event } from '../../../src/core/event.ts';
import {
  MqttBytes,
  MqttFakeCore,
  settle,
  subscribeBytes,
  until,
} from '../../fakes/mqtt-fake-core.ts';
import { identifierPacket, publishPacket } from '../../integration/harness/mqtt-raw-client.ts';

const largePacketBytesMax = 256 * 1_024;
const ping = Buffer.from([0xc0, 0]);
const disconnect = Buffer.from([0xe0, 0]);

let core: MqttFakeCore;
const clients: MqttBytes[] = [];

beforeEach(async () => {
  core = new MqttFakeCore(largePacketBytesMax);
  core.isEager = false;
  await core.listen();
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.socket.destroy();
  await core.front.stop();
});

async function join(clientId: string, clean = true): Promise<MqttBytes> {
  const client = await MqttBytes.connected(core.port, clientId, clean);
  clients.push(client);
  return client;
}

const publish = (qos: 0 | 1 | 2, packetId: number, payload = 'x'): Buffer =>
  publishPacket({ topic: `t/${packetId}`, payload, qos, packetId });

const received = (client: MqttBytes): readonly string[] =>
  client.packets.filter((name) => !name.startsWith('connack'));

test('what lies between publishes is handled in its place, however the bytes are cut', async () => {
  const stream = Buffer.concat([publish(1, 1), ping, publish(2, 2), publish(0, 3), publish(1, 4)]);
  for (let cut = 1; cut < stream.length; cut += 3) {
    const before = core.waiting.length;
    const client = await join(`c${cut}`);
    client.socket.write(stream.subarray(0, cut));
    await new Promise((resolve) => setImmediate(resolve));
    client.socket.write(stream.subarray(cut));
    await until(() => core.waiting.length === before + 4);
    expect(core.topics().slice(before)).toEqual(['t/1', 't/2', 't/3', 't/4']);
  }
});

test('PUBACKs and PUBRECs keep the order of the PUBLISHes, small and large', async () => {
  const client = await join('a');
  const large = 'x'.repeat(limits.mqttLanePacketBytesMax);
  const packets = [
    publish(1, 1),
    publish(2, 2),
    publish(1, 3, large),
    publish(1, 4),
    publish(2, 5),
  ];
  client.socket.write(Buffer.concat([...packets, publish(1, 6)]));
  await until(() => core.waiting.length === 6);
  core.release(...core.waiting);
  await until(() => received(client).length === 6);
  const acks = ['puback:1', 'pubrec:2', 'puback:3', 'puback:4', 'pubrec:5', 'puback:6'];
  expect(received(client)).toEqual(acks);
});

test('PUBACKs of small and large publishes alone keep their order', async () => {
  const client = await join('a');
  const large = 'x'.repeat(limits.mqttLanePacketBytesMax);
  client.socket.write(Buffer.concat([publish(1, 1), publish(1, 2, large), publish(1, 3)]));
  await until(() => core.waiting.length === 3);
  core.release(...core.waiting);
  await until(() => received(client).length === 3);
  expect(received(client)).toEqual(['puback:1', 'puback:2', 'puback:3']);
});

test('what acknowledges the publishes of one turn is one write', async () => {
  const client = await join('a');
  const chunks: number[] = [];
  client.socket.on('data', (chunk) => chunks.push(chunk.length));
  client.socket.write(Buffer.concat([1, 2, 3, 4, 5].map((id) => publish(id < 4 ? 1 : 2, id))));
  await until(() => core.waiting.length === 5);
  core.release(...core.waiting);
  await until(() => received(client).length === 5);
  client.socket.write(Buffer.concat([4, 5].map((id) => identifierPacket('pubrel', id))));
  await until(() => core.waiting.length === 7);
  core.release(...core.waiting.slice(5));
  await until(() => received(client).length === 7);
  expect(chunks).toEqual([5 * 4, 2 * 4]);
});

test('subscribers get it once it is released, without the DUP of the publisher', async () => {
  const subscriber = await join('s');
  subscriber.socket.write(subscribeBytes('t/#'));
  await until(() => received(subscriber).length === 1);
  const bytes: Buffer[] = [];
  subscriber.socket.on('data', (chunk: Buffer) => bytes.push(chunk));
  const client = await join('a');
  const again = publish(1, 1);
  again[0] = 0x30 | 0x08 | 0x02;
  client.socket.write(again);
  await until(() => core.waiting.length === 1);
  await settle();
  expect(received(subscriber)).toEqual(['suback:9']);
  core.release(core.waiting[0]);
  await until(() => received(subscriber).length === 2);
  expect(received(subscriber)[1]).toBe('publish:t/1');
  expect(bytes[0]?.[0]).toBe(0x32);
});

test('a session that is away and a later subscriber get what was published meanwhile', async () => {
  core.isEager = true;
  const away = await join('away', false);
  away.socket.write(subscribeBytes('t/1'));
  await until(() => received(away).length === 1);
  away.socket.write(disconnect);
  await until(() => away.isClosed);
  const client = await join('a');
  const retained = publish(1, 2);
  retained[0] = 0x33;
  client.socket.write(Buffer.concat([publish(1, 1), retained]));
  await until(() => received(client).length === 2);
  const back = await join('away', false);
  await until(() => received(back).includes('publish:t/1'));
  const late = await join('late');
  late.socket.write(subscribeBytes('t/+'));
  await until(() => received(late).includes('publish:t/2'));
});

test('nothing behind DISCONNECT is taken', async () => {
  const client = await join('a');
  client.socket.write(Buffer.concat([publish(0, 1), disconnect, publish(0, 2)]));
  await until(() => client.isClosed);
  await until(() => core.events.some(({ type }) => type === 'ConnectionClosed'));
  expect(core.topics()).toEqual(['t/1']);
});

/** A lane of its own, without a socket. */
function laneOf(client: object): MqttPublishLane {
  const connection = {
    id: connectionId(1),
    pending: new Ring<Unanswered>(),
  } as unknown as MqttConnection;
  const pending = new MqttPending();
  const release = (event: Event): void => {
    if (event.type === 'IdentifierReleased') pending.take(event.publishId)?.proceed();
  };
  return new MqttPublishLane({
    client: client as Client,
    ...{ connection, pending, packetBytesMax: 1_024, counters: core.front.counters },
    inbound: new MqttInbound({ pending, post: release, connectionOf: () => connection }),
    post: () => undefined,
    pendingChanged: () => undefined,
    isHeard: () => false,
    deliver: () => undefined,
    acksWait: () => undefined,
  });
}

const open = { stopsAt: () => false };

test('a PUBREL gives back the place that its large PUBLISH took with the engine', () => {
  const _inboundInflight = new Set([5, 6]);
  const lane = laneOf({ id: 'a', _keepaliveInterval: 0, _inboundInflight });
  expect(lane.take(identifierPacket('pubrel', 5), 0, open)).toBe(4);
  expect([..._inboundInflight]).toEqual([6]);
});

test('a large publish of QoS 2 goes its way through the engine, its PUBREL past it', async () => {
  core.isEager = true;
  const client = await join('a');
  const large = publish(2, 1, 'x'.repeat(limits.mqttLanePacketBytesMax));
  for (const packetId of [1, 1]) {
    client.socket.write(Buffer.concat([large, publish(2, 2)]));
    await until(() => received(client).includes('pubrec:2'));
    client.socket.write(Buffer.concat([1, 2].map((id) => identifierPacket('pubrel', id))));
    await until(() => received(client).includes('pubcomp:2'));
    expect(received(client)).toEqual(['pubrec:1', 'pubrec:2', 'pubcomp:1', 'pubcomp:2']);
    client.packets.length = packetId;
  }
});

test('what is too large for the lane may not go to a topic that the engine listens to', async () => {
  const client = await join('a');
  const payload = 'x'.repeat(limits.mqttLanePacketBytesMax);
  client.socket.write(publishPacket({ topic: '$SYS/x', payload, qos: 1, packetId: 1 }));
  await until(() => client.isClosed);
  expect(core.topics()).toEqual([]);
});

test('publishes count as a sign of life: once for what came together', () => {
  let refreshed = 0;
  const timer = { refresh: (): void => void refreshed++ };
  const lane = laneOf({ id: 'a', _keepaliveInterval: 1_500, _keepaliveTimer: timer });
  expect(lane.take(Buffer.concat([publish(1, 1), publish(0, 2)]), 0, open)).toBeGreaterThan(0);
  expect(refreshed).toBe(1);
  expect(lane.take(ping, 0, open)).toBe(0);
  expect(refreshed).toBe(1);
});

test('the beginning of a publish is a packet that has not ended, until its end comes', async () => {
  const client = await join('a');
  const packet = publish(1, 1, 'x'.repeat(2_000));
  client.socket.write(Buffer.concat([publish(0, 9), packet.subarray(0, 500)]));
  await until(() => core.front.crowd.bytes.partial === 500);
  client.socket.write(packet.subarray(500));
  await until(() => core.front.crowd.bytes.partial === 0);
  expect(core.topics()).toEqual(['t/9', 't/1']);
});

test('who has much unanswered is not read until some of it is answered', async () => {
  const client = await join('a');
  const payload = 'x'.repeat(1_000);
  const count = 4_000;
  for (let id = 1; id <= count; id++) client.socket.write(publish(1, id, payload));
  await until(() => core.waiting.length * payload.length > limits.mqttLaneBytesMax);
  let taken = 0;
  while (taken !== core.waiting.length) {
    taken = core.waiting.length;
    await settle();
  }
  // One chunk may lie above the limit.
  expect(taken * payload.length).toBeLessThan(4 * limits.mqttLaneBytesMax);
  const other = await join('b');
  other.socket.write(publish(1, 7));
  await until(() => core.waiting.length === taken + 1);
  core.isEager = true;
  core.release(...core.waiting);
  await until(() => received(client).length === count);
  expect(received(client).at(-1)).toBe(`puback:${count}`);
});

test('on a full disk a publish that wants an answer waits, also behind one of QoS 0', async () => {
  const client = await join('a');
  core.front.holdPublishers('acknowledged');
  client.socket.write(Buffer.concat([publish(0, 1), publish(1, 2), publish(0, 3)]));
  await until(() => core.waiting.length > 0);
  await settle();
  expect(core.topics()).toEqual(['t/1']);
  core.front.holdPublishers('none');
  await until(() => core.waiting.length === 3);
  expect(core.topics()).toEqual(['t/1', 't/2', 't/3']);
});

describe('subscribers get what is released together', () => {
  const large = 'x'.repeat(limits.mqttLanePacketBytesMax);
  const retained = (packet: Buffer): Buffer => {
    packet[0] = (packet[0] as number) | 1;
    return packet;
  };
  const cases: Record<string, readonly Buffer[]> = {
    'QoS 1 before QoS 0': [publish(1, 1), publish(0, 2)],
    'QoS 2 before QoS 1': [publish(2, 1), publish(1, 2)],
    'QoS 2, retained before not retained': [retained(publish(2, 1)), publish(2, 2)],
    'retained before not retained': [retained(publish(1, 1)), publish(1, 2), publish(0, 3)],
    'retained before not retained, QoS 0': [retained(publish(0, 1)), publish(0, 2)],
    'large before small': [publish(1, 1, large), publish(1, 2)],
    'large before small, QoS 0': [publish(0, 1, large), publish(0, 2)],
    'small before large, QoS 0': [publish(0, 1), publish(0, 2, large), publish(0, 3)],
  };
  test.each(Object.entries(cases))('%s', async (_, packets) => {
    const got: string[] = [];
    const subscriber = mqtt.connect({ port: core.port, protocolVersion: 4 });
    subscriber.on('message', (topic) => got.push(topic));
    await subscriber.subscribeAsync('t/#', { qos: 1 });
    try {
      const client = await join('a');
      client.socket.write(Buffer.concat(packets));
      await until(() => core.waiting.length === packets.length);
      core.release(...core.waiting);
      await until(() => got.length >= packets.length).catch(() => undefined);
      expect(got).toEqual(packets.map((_packet, index) => `t/${index + 1}`));
    } finally {
      await subscriber.endAsync(true);
    }
  });
});

test('a stop answers what was read before it closes', async () => {
  const client = await join('a');
  client.socket.write(Buffer.concat([publish(1, 1), publish(2, 2)]));
  await until(() => core.waiting.length === 2);
  const stopped = core.front.stop();
  await new Promise((resolve) => setImmediate(resolve));
  core.release(...core.waiting);
  await stopped;
  await until(() => client.isClosed);
  expect(received(client)).toEqual(['puback:1', 'pubrec:2']);
});
