import { readFileSync, symlinkSync } from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import {
  MqttRawClient,
  packetTypes,
  publishPacket,
} from '../integration/harness/mqtt-raw-client.ts';
import { mountSmallDisk } from '../integration/harness/small-disk.ts';
import { makeTempFolder, removeTempFolder } from '../integration/harness/temp-folder.ts';
import { waitUntil } from '../integration/harness/wait-until.ts';
import { LoopbackNetwork } from './network/loopback-network.ts';
import { TestCluster, type ClusterNode } from './test-cluster.ts';

const topic = 'sensors';
const mebibyte = 1024 ** 2;
const payload = Buffer.alloc(60_000, 'x');
const inFlight = 20;

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const residentBytes = ({ process }: ClusterNode): number => {
  const status = readFileSync(`/proc/${process.pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1_024;
};

/** Readings at QoS 1, each with its PUBACK. */
const publishAll = async ({ place }: ClusterNode, count: number): Promise<void> => {
  const { host, ports } = place;
  const { client } = await MqttRawClient.connect({ host, port: ports.mqtt, clientId: 'much' });
  let acks = 0;
  client.onPacket = ({ type }) => (acks += Number(type === packetTypes.puback));
  for (let sent = 0; sent < count; sent += inFlight) {
    for (let packetId = 1; packetId <= inFlight; packetId++) {
      client.send(publishPacket({ topic: 'a', payload, qos: 1, packetId }));
    }
    await waitUntil('PUBACKs', 30_000, () => acks >= sent + inFlight);
  }
  client.destroy();
};

it('two nodes go on while the disk of the third is full', { timeout: 300_000 }, async (context) => {
  const disk = mountSmallDisk(context, 128);
  closers.push(() => disk.unmount());
  const folder = makeTempFolder('full-follower');
  closers.push(() => removeTempFolder(folder));
  const network = await LoopbackNetwork.open([1, 2, 3], 'nobody cuts links here');
  const cluster = await TestCluster.prepare({
    ...{ folder, network, roles: ['data', 'data', 'data'] },
    config: {
      log: { segmentBytes: mebibyte },
      disk: { reserveBytes: mebibyte },
      topics: [{ name: topic, partitions: 1, retentionMs: 'unlimited' }],
    },
  });
  closers.push(() => cluster.kill());
  const [one, full] = [cluster.node(1), cluster.node(3)];
  symlinkSync(disk.folder, full.process.dataDir);
  await cluster.start();
  await cluster.untilSettled();
  if ((await cluster.leaderOf(topic, 0)) === full.id) await full.process.restart('stop');
  await cluster.untilSettled();
  await publishAll(one, 100);

  disk.occupy('ballast', disk.freeBytes() - 6 * mebibyte);
  const before = residentBytes(full);
  await publishAll(one, 1_000);
  const published = 1_000 * payload.length;
  // What it has fetched and cannot store is bounded.
  expect(residentBytes(full) - before).toBeLessThan(published - 15 * mebibyte);
  const partition = await waitUntil('two in sync', 30_000, async () => {
    const { partitions } = await one.process.status();
    return partitions.find((each) => each.topic === topic && each.inSync.length === 2);
  });
  expect(partition.inSync).not.toContain(full.id);

  disk.vacate('ballast');
  await cluster.untilSettled();
  await publishAll(full, 20);
});
