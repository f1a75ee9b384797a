import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { httpGet } from '../../edge/cli/demo/node-admin.ts';
import type { NodeProcess } from '../../edge/cli/demo/node-launcher.ts';
import { BadCompany } from './harness/bad-company.ts';
import { residentBytes } from './harness/child-pids.ts';
import { MqttRawClient } from './harness/mqtt-raw-client.ts';
import { PacedPublishers } from './harness/paced-publishers.ts';
import { startTestNode } from './harness/shorelog-node.ts';
import { waitUntil } from './harness/wait-until.ts';

const topic = 'sensors';
const sensorCount = 50;
const mebibyte = 1024 * 1024;

let node: NodeProcess;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ node, remove } = await startTestNode('crowd', { topics: [{ name: topic, partitions: 2 }] }));
});
afterAll(() => remove());

/** Sensors that must feel nothing of what happens meanwhile. */
const unharmed = async (during: () => Promise<void>): Promise<void> => {
  const sensors = await PacedPublishers.start({
    ...{ port: node.ports.mqtt, name: `good-${Date.now()}`, clients: sensorCount, rate: 200 },
  });
  try {
    await during();
  } finally {
    await sensors.stop();
  }
  const { pingresp, puback } = sensors;
  const figures = { pingrespP99: pingresp.at(0.99), pubackP99: puback.at(0.99) };
  process.stdout.write(`sensors meanwhile: ${JSON.stringify(figures)}\n`);
  expect(sensors.disconnected).toBe(0);
  expect(sensors.acked.size).toBe(sensors.sent.size);
  expect(sensors.unansweredPings(5_000)).toBe(0);
};

const metric = async (name: string): Promise<number> => {
  const { text } = await httpGet(node.ports.admin, '/metrics');
  const line = text.split('\n').find((each) => each.startsWith(`shorelog_${name} `));
  return Number(line?.split(' ').at(-1) ?? 0);
};

/** Many that connect from as many addresses as it takes, and say nothing. */
const openSilent = async (port: number, count: number): Promise<Socket[]> => {
  const sockets: Socket[] = [];
  for (let i = 0; i < count; i++) {
    const socket = connect({ port, host: '127.0.0.1', localAddress: `127.0.3.${1 + (i % 100)}` });
    socket.on('error', () => {});
    socket.resume(); // or it would not hear its end
    sockets.push(socket);
    if (i % 200 === 199) await delay(20);
  }
  return sockets;
};

it('10,000 silent connections are gone soon, and cost nobody else', async () => {
  await unharmed(async () => {
    const before = residentBytes(node.pid);
    const silent = await openSilent(node.ports.mqtt, 8_000);
    const alsoKafka = await openSilent(node.ports.kafka, 2_500);
    const growth = Math.round((residentBytes(node.pid) - before) / mebibyte);
    process.stdout.write(`silent: ${silent.length + alsoKafka.length}, ${growth} MiB more\n`);
    // Asked of the node: what its kernel dropped unaccepted a silent client never hears of.
    await waitUntil('the MQTT places to be free', 30_000, async () => {
      return (await node.status()).mqtt.connections <= sensorCount;
    });
    // Kafka has 2,000 places: the newest 500 took those of the oldest, the rest goes in 30 s.
    await waitUntil('newer ones to have a place', 10_000, async () => {
      return (await metric('kafka_connections_closed_total{reason="displaced"}')) >= 500;
    });
    for (const socket of [...silent, ...alsoKafka]) socket.destroy();
  });
}, 240_000);

it('readers that never read and a byte a second are bounded, counted and thrown out', async () => {
  await unharmed(async () => {
    const { mqtt: mqttPort, kafka: kafkaPort } = node.ports;
    const bad = new BadCompany({ mqttPort, kafkaPort, topic, partitions: 2, each: 20 });
    try {
      await waitUntil('slow packets to be overdue, and jams to end', 60_000, async () => {
        const mqtt = await metric('mqtt_connections_closed_total{reason="overdue"}');
        return mqtt > 0 && (await metric('kafka_connections_closed_total{reason="memory"}')) > 0;
      });
    } finally {
      bad.stop();
    }
    process.stdout.write(`bad company: ${Math.round(residentBytes(node.pid) / mebibyte)} MiB\n`);
    expect(residentBytes(node.pid)).toBeLessThan(400 * mebibyte);
  });
}, 240_000);

it('a client that vanished is let go after 1.5 times its keep-alive', async () => {
  const { port } = { port: node.ports.mqtt };
  // Its time runs from its CONNECT, however late we hear of the answer.
  const begunMs = performance.now();
  const { client } = await MqttRawClient.connect({ port, clientId: 'vanished', keepAlive: 2 });
  await client.closed();
  const tookMs = performance.now() - begunMs;
  expect(tookMs).toBeGreaterThan(2_500);
  expect(tookMs).toBeLessThan(10_000);
});
