import { afterEach, expect, it } from 'vitest';
import type { NodeProcess } from '../../edge/cli/demo/node-launcher.ts';
import {
  MqttRawClient,
  packetTypes,
  publishPacket,
} from '../integration/harness/mqtt-raw-client.ts';
import { makeTempFolder, removeTempFolder } from '../integration/harness/temp-folder.ts';
import { waitUntil } from '../integration/harness/wait-until.ts';
import { LoopbackNetwork } from './network/loopback-network.ts';
import { TestCluster } from './test-cluster.ts';

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** Whether a sensor of its own got its PUBACK, from the time on at which it could connect. */
const publishOnce = async ({ ports }: NodeProcess, sensor: number): Promise<boolean> => {
  const clientId = `sensor-${sensor}`;
  let client: MqttRawClient | undefined;
  await waitUntil('a node that lets sensors in', 30_000, async () => {
    const options = { port: ports.mqtt, clientId, msMax: 2_000 };
    client = (await MqttRawClient.connect(options).catch(() => undefined))?.client;
    return client !== undefined;
  });
  closers.push(() => client?.destroy());
  client?.send(publishPacket({ topic: `at/${sensor}`, payload: 'x', qos: 1, packetId: 1 }));
  const answer = client?.receive(packetTypes.puback, 1, 5_000);
  return await Promise.resolve(answer).then(
    () => true,
    () => false,
  );
};

it('a node whose start leaves some partitions without a majority serves the others', async () => {
  const folder = makeTempFolder('no-majority');
  closers.push(() => removeTempFolder(folder));
  const network = await LoopbackNetwork.open([1, 2, 3, 4, 5], 'nobody cuts links here');
  const partitions = 10;
  const cluster = await TestCluster.prepare({
    ...{ folder, network, roles: ['data', 'data', 'data', 'data', 'data'] },
    config: {
      topics: [{ name: 'sensors', partitions, replicas: 2 }],
      routes: [{ from: '#', topic: 'sensors' }],
      disk: { reserveBytes: 65_536 },
    },
  });
  closers.push(() => cluster.kill());
  await cluster.start();
  await cluster.untilSettled();
  await cluster.kill();
  const alive = [1, 2].map((id) => cluster.node(id).process);
  for (const process of alive) process.spawn();
  // A sensor waits for its PUBACK only for so long: what can have a leader has one by then.
  for (const process of alive) {
    await waitUntil('leaders where both copies are alive', 60_000, async () => {
      const { partitions = [] } = (await process.status().catch(() => undefined)) ?? {};
      const whole = partitions.filter(({ replicas }) => replicas.every((id) => id <= 2));
      return whole.length > 0 && whole.every(({ leader }) => typeof leader === 'number');
    });
  }

  // Keys spread over the partitions: some have a majority in 1 and 2, others have lost theirs.
  for (const process of alive) {
    const sensors = Array.from({ length: 24 }, (_, sensor) => publishOnce(process, sensor));
    const taken = (await Promise.all(sensors)).filter(Boolean).length;
    expect(taken).toBeGreaterThan(0);
    expect(taken).toBeLessThan(sensors.length);
  }
  const kept = await Promise.all(alive.map(async (process) => (await process.status()).partitions));
  expect(kept.flat().some(({ leader }) => leader === undefined || leader === null)).toBe(true);
}, 240_000);
