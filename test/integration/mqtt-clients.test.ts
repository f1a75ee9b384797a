import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { connectAsync } from 'mqtt';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MqttFakeCore, until } from '../fakes/mqtt-fake-core.ts';

let core: MqttFakeCore;
beforeEach(async () => {
  core = new MqttFakeCore(786_432);
  await core.listen();
});
afterEach(() => core.front.stop());

test('MQTT.js publishes at every QoS and subscribes', async () => {
  const url = `mqtt://127.0.0.1:${core.port}`;
  const subscriber = await connectAsync(url, { clientId: 's', clean: false });
  const got: string[] = [];
  subscriber.on('message', (topic, payload) => got.push(`${topic}=${payload.length}`));
  await subscriber.subscribeAsync('#', { qos: 2 });
  const publisher = await connectAsync(url, { clientId: 'p' });
  for (const qos of [0, 1, 2] as const) {
    await publisher.publishAsync(`t/${qos}`, Buffer.alloc(100_000), { qos });
  }
  await until(() => got.length === 3);
  expect(got.sort()).toEqual(['t/0=100000', 't/1=100000', 't/2=100000']);
  await subscriber.endAsync();
  await publisher.publishAsync('later', 'x', { qos: 1, retain: true });
  const again = await connectAsync(url, { clientId: 's', clean: false, resubscribe: false });
  again.on('message', (topic, payload) => got.push(`${topic}=${payload.length}`));
  await until(() => got.includes('later=1'));
  await Promise.all([again.endAsync(), publisher.endAsync()]);
}, 60_000);

const hasMosquitto = spawnSync('mosquitto_pub', ['--help']).error === undefined;

test.skipIf(!hasMosquitto)(
  'mosquitto_pub publishes at every QoS',
  async () => {
    for (const qos of ['0', '1', '2']) {
      const args = [
        '-h',
        '127.0.0.1',
        '-p',
        String(core.port),
        '-t',
        `m/${qos}`,
        '-m',
        'x',
        '-q',
        qos,
      ];
      await promisify(execFile)('mosquitto_pub', args, { timeout: 10_000 });
    }
    await until(() => core.topics().includes('m/0'));
    expect(core.topics().filter((topic) => topic.startsWith('m/'))).toEqual(['m/0', 'm/1', 'm/2']);
  },
  60_000,
);
