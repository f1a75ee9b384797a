import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import type { TestContext } from 'vitest';
import { readAllWithKcat } from '../../edge/cli/demo/kcat-reader.ts';
import { MqttRawClient, publishPacket } from '../integration/harness/mqtt-raw-client.ts';
import { makeTempFolder, removeTempFolder } from '../integration/harness/temp-folder.ts';
import { waitUntil } from '../integration/harness/wait-until.ts';
import { requireTools } from '../support/require-tool.ts';
import { Sensor } from './sensor.ts';
import { LoopbackNetwork } from './network/loopback-network.ts';
import { TestCluster, type ClusterNode, type NodeRole } from './test-cluster.ts';

const roles: readonly NodeRole[] = ['data', 'data', 'witness'];
const topic = 'sensors';
const waitMsMax = 30_000;
const testMsMax = 300_000;

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const openCluster = async (
  context: TestContext,
  replicaLagTimeMaxMs = 1_000,
): Promise<TestCluster> => {
  requireTools(context, 'kcat');
  const folder = makeTempFolder('witness');
  closers.push(() => removeTempFolder(folder));
  const network = await LoopbackNetwork.open([1, 2, 3], 'nobody cuts links here');
  const cluster = await TestCluster.prepare({
    ...{ folder, roles, network, replicaLagTimeMaxMs },
    config: {
      topics: [{ name: topic, partitions: 1, retentionMs: 'unlimited' }],
      disk: { reserveBytes: 1_048_576 },
    },
  });
  closers.push(() => cluster.kill());
  await cluster.start();
  await cluster.untilSettled();
  return cluster;
};

const leaderOf = async (cluster: TestCluster): Promise<ClusterNode> => {
  const id = await waitUntil('a leader', waitMsMax, () => cluster.leaderOf(topic, 0));
  return cluster.node(id);
};

/** Everything that was acknowledged is on both gateways, in its order. */
const expectAll = async (cluster: TestCluster, acked: readonly string[]): Promise<void> => {
  await cluster.untilSettled();
  for (const { process } of cluster.dataNodes) {
    const log = await readAllWithKcat({ bootstrap: process.bootstrap, topic, msMax: 20_000 });
    const values = new Set(log.map(({ value }) => value?.toString().trimEnd()));
    expect(acked.filter((payload) => !values.has(payload))).toEqual([]);
  }
};

const isAtRisk = async (cluster: TestCluster): Promise<boolean> => {
  const [status] = (await cluster.statuses()).values();
  return status?.partitions.some(({ atRisk }) => atRisk) === true;
};

it(
  'two gateways and a witness go on without any one of them',
  async (context) => {
    const cluster = await openCluster(context);
    const sensor = new Sensor(cluster.dataNodes);
    closers.push(() => sensor.close());
    const leader = await leaderOf(cluster);
    const follower = cluster.dataNodes.find(({ id }) => id !== leader.id) ?? leader;
    for (const victim of [cluster.node(3), follower, leader]) {
      await sensor.publish();
      // The leader has heard of the witness, too, which none has to be settled.
      await waitUntil('no risk', waitMsMax, async () => !(await isAtRisk(cluster)));
      await victim.process.kill();
      for (let i = 0; i < 5; i++) await sensor.publish();
      await waitUntil('at risk', waitMsMax, () => isAtRisk(cluster));
      await victim.process.start();
      await cluster.untilSettled();
    }
    await expectAll(cluster, sensor.acked);
  },
  testMsMax,
);

it(
  'a leader dies while the witness alone could have seen its last records',
  async (context) => {
    const lagMsMax = 2_000;
    const cluster = await openCluster(context, lagMsMax);
    const sensor = new Sensor(cluster.dataNodes);
    closers.push(() => sensor.close());
    for (let round = 0; round < 4; round++) {
      for (let i = 0; i < 5; i++) await sensor.publish();
      const leader = await leaderOf(cluster);
      const follower = cluster.dataNodes.find(({ id }) => id !== leader.id) ?? leader;
      const { host, ports } = leader.place;
      const { client } = await MqttRawClient.connect({ host, port: ports.mqtt, clientId: 'last' });
      let acks = 0;
      client.onPacket = () => acks++;
      // It stands still, but for less than it takes to leave the in-sync set.
      follower.process.signal('SIGSTOP');
      for (let i = 1; i <= 20; i++) {
        client.send(publishPacket({ topic: 'a', payload: `last ${round}`, qos: 1, packetId: i }));
      }
      await delay(100 + 100 * round);
      await leader.process.kill();
      follower.process.signal('SIGCONT');
      // Without the follower's copy nothing was promised; with what it has it must be electable.
      expect(acks).toBe(0);
      client.destroy();
      await sensor.publish();
      expect((await leaderOf(cluster)).id).toBe(follower.id);
      await leader.process.start();
      await cluster.untilSettled();
    }
    await expectAll(cluster, sensor.acked);
  },
  testMsMax,
);

const bytesIn = (folder: string): number =>
  readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sum + bytesIn(path);
    // A file that is written anew takes the name of the one before it meanwhile.
    return sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0);
  }, 0);

it(
  'the disk of a witness does not grow with the records',
  async (context) => {
    const cluster = await openCluster(context);
    const witness = cluster.node(3).process;
    const idle = bytesIn(witness.dataDir);
    const { host, ports } = (await leaderOf(cluster)).place;
    const { client } = await MqttRawClient.connect({ host, port: ports.mqtt, clientId: 'much' });
    closers.push(() => client.destroy());
    const payload = Buffer.alloc(60_000, 'x');
    let acks = 0;
    client.onPacket = () => acks++;
    const rounds = 15;
    for (let round = 1; round <= rounds; round++) {
      for (let i = 1; i <= 50; i++) {
        client.send(publishPacket({ topic: 'a', payload, qos: 1, packetId: i }));
      }
      await waitUntil('PUBACKs', waitMsMax, () => acks >= round * 50);
    }
    await cluster.untilSettled();
    const written = rounds * 50 * payload.length;
    const grown = bytesIn(witness.dataDir) - idle;
    expect(bytesIn(cluster.node(1).process.dataDir)).toBeGreaterThan(written);
    // At this rate the journal is written anew, from its shortest form, at each MiB.
    expect(grown).toBeLessThan(written / 512);
  },
  testMsMax,
);
