import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { freePorts } from '../../../edge/cli/demo/free-ports.ts';
import { spawnOwned } from '../../../edge/cli/demo/owned-process.ts';
import type { OwnedProcess } from '../../../edge/cli/demo/owned-process.ts';
import { requireTools } from '../../support/require-tool.ts';
import { LoadPublisher } from './load-publisher.ts';
import { MqttRawClient } from './mqtt-raw-client.ts';
import { releaseQos2, walkQos2 } from './qos2-steps.ts';
import { makeTempFolder, removeTempFolder } from './temp-folder.ts';
import { waitUntil } from './wait-until.ts';

const folder = makeTempFolder('mqtt-clients');
const running: OwnedProcess[] = [];

afterAll(async () => {
  await Promise.all(running.map((process) => process.kill()));
  removeTempFolder(folder);
});

const startMosquitto = async (port: number): Promise<OwnedProcess> => {
  const config = join(folder, `mosquitto-${port}.conf`);
  writeFileSync(
    config,
    [
      `listener ${port} 127.0.0.1`,
      'allow_anonymous true',
      'max_inflight_messages 0',
      'max_queued_messages 0',
      '',
    ].join('\n'),
  );
  const process = spawnOwned({
    command: 'mosquitto',
    args: ['-c', config],
    outputFile: join(folder, 'mosquitto.txt'),
  });
  running.push(process);
  await waitUntil('mosquitto', 30_000, async () => {
    const probe = await MqttRawClient.connect({ port, clientId: 'probe' }).catch(() => undefined);
    probe?.client.destroy();
    return probe !== undefined;
  });
  return process;
};

test('the load publisher fills its window and knows what was acknowledged', async (context) => {
  requireTools(context, 'mosquitto');
  const [port = 0] = await freePorts(1);
  const mosquitto = await startMosquitto(port);
  const load = new LoadPublisher({ port, name: 'load', connections: 2, inFlight: 300 });
  await waitUntil('acks', 30_000, () => load.acked.size > 2_000);
  expect(load.inFlight).toBeGreaterThan(300);
  // A crash while packets are on their way: none of them is ever sent again.
  await mosquitto.kill();
  await waitUntil(
    'uncertain publishes',
    30_000,
    () => load.uncertain.size > 0 && load.inFlight === 0,
  );
  const acked = load.acked.size;
  await startMosquitto(port);
  await waitUntil('acks after the restart', 30_000, () => load.acked.size > acked + 1_000);
  await load.stop();
  expect(load.inFlight).toBe(0);
  expect(load.misplacedAcks).toBe(0);
  expect([...load.uncertain].filter((identity) => load.acked.has(identity))).toEqual([]);
});

test('a load with an end stops by itself', async (context) => {
  requireTools(context, 'mosquitto');
  const [port = 0] = await freePorts(1);
  await startMosquitto(port);
  const load = new LoadPublisher({ port, name: 'bounded', inFlight: 50, ackedMax: 1_000 });
  await load.finished();
  expect(load.acked.size).toBeGreaterThanOrEqual(1_000);
  expect(load.uncertain.size).toBe(0);
});

test('a QoS 2 hand-over can stop at each step and go on over a new connection', async (context) => {
  requireTools(context, 'mosquitto');
  const [port = 0] = await freePorts(1);
  await startMosquitto(port);
  const session = { port, clientId: 'two', cleanSession: false };
  const publish = { packetId: 7, topic: 'qos2', payload: 'once' };

  const first = await MqttRawClient.connect(session);
  expect(first.sessionPresent).toBe(false);
  await walkQos2(first.client, publish, 'pubrecReceived');
  first.client.destroy();
  await first.client.closed();

  const second = await MqttRawClient.connect(session);
  expect(second.sessionPresent).toBe(true);
  await releaseQos2(second.client, 7);
  await walkQos2(second.client, { ...publish, packetId: 8 });
  await second.client.end();
});
