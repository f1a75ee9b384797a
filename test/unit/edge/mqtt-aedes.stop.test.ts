import { afterEach, beforeEach, expect, test } from 'vitest';
import { limits } from '../../../src/base/limits.ts';
import {
  MqttBytes,
  MqttFakeCore,
  settle,
  subscribeBytes,
  until,
} from '../../fakes/mqtt-fake-core.ts';
import { publishPacket } from '../../integration/harness/mqtt-raw-client.ts';

const pingReq = Buffer.from([0xc0, 0]);
const pingResp = '13';

let core: MqttFakeCore;
const clients: MqttBytes[] = [];

beforeEach(async () => {
  core = new MqttFakeCore(4 * limits.mqttLanePacketBytesMax);
  core.isEager = false;
  await core.listen();
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.socket.destroy();
  await core.front.stop();
});

async function join(clientId: string): Promise<MqttBytes> {
  const client = await MqttBytes.connected(core.port, clientId);
  clients.push(client);
  return client;
}

/** Client ids in the order in which they were closed. */
const closed = (): readonly string[] => {
  const ids = new Map(
    core.events.flatMap((each) =>
      each.type === 'SessionOpened' ? [[each.connection, each.clientId] as const] : [],
    ),
  );
  return core.events.flatMap((each) =>
    each.type === 'ConnectionClosed' ? [ids.get(each.connection) ?? '?'] : [],
  );
};

test.each([
  ['a small', 1],
  ['a large', 2 * limits.mqttLanePacketBytesMax],
])('a stop answers %s publish that was read, and pings meanwhile', async (_, length) => {
  const client = await join('a');
  const payload = 'x'.repeat(length);
  client.socket.write(publishPacket({ topic: 't', payload, qos: 1, packetId: 1 }));
  await until(() => core.waiting.length === 1);
  const stopped = core.front.stop(true);
  client.socket.write(pingReq);
  await until(() => client.packets.includes(pingResp));
  // A publish that comes now is left to the next node.
  client.socket.write(publishPacket({ topic: 't', payload, qos: 1, packetId: 2 }));
  await settle();
  expect([core.waiting.length, client.isClosed]).toEqual([1, false]);
  core.release(core.waiting[0]);
  await stopped;
  await until(() => client.isClosed);
  expect(client.packets).toEqual(['connack:0/0', pingResp, 'puback:1']);
});

test.each([true, false])('who subscribes goes last (others: %s)', async (hasOthers) => {
  const subscriber = await join('subscriber');
  subscriber.socket.write(subscribeBytes('#'));
  await until(() => subscriber.packets.length === 2);
  for (let i = 0; i < 6; i++) await join(`sensor ${i}`);
  await core.front.stop(hasOthers);
  expect(closed()).toHaveLength(7);
  expect(closed().at(-1)).toBe('subscriber');
});
