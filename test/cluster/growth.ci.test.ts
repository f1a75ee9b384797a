import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readAllWithKcat } from '../../edge/cli/demo/kcat-reader.ts';
import type { NodeConfig } from '../../edge/cli/demo/node-launcher.ts';
import type { NodeStatus } from '../../src/core/node-status.ts';
import {
  MqttRawClient,
  packetTypes,
  publishPacket,
} from '../integration/harness/mqtt-raw-client.ts';
import { runShorelog } from '../integration/harness/run-shorelog.ts';
import { makeTempFolder, removeTempFolder } from '../integration/harness/temp-folder.ts';
import { waitUntil } from '../integration/harness/wait-until.ts';
import { requireTools } from '../support/require-tool.ts';
import { LoopbackNetwork } from './network/loopback-network.ts';
import { TestCluster, type ClusterNode } from './test-cluster.ts';

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** One reading after the other at QoS 1, until told to end; what got its PUBACK. */
function publisher({ place }: ClusterNode, name: string) {
  const acked: string[] = [];
  const ending = new AbortController();
  const run = async (): Promise<void> => {
    const at = { host: place.host, port: place.ports.mqtt, clientId: name };
    const { client } = await MqttRawClient.connect(at);
    closers.push(() => client.destroy());
    for (let i = 1; !ending.signal.aborted; i++) {
      const payload = `${name}-${i}`;
      const packetId = (i % 60_000) + 1;
      client.send(publishPacket({ topic: `t/${i % 7}`, payload, qos: 1, packetId }));
      await client.receive(packetTypes.puback, packetId);
      acked.push(payload);
    }
    client.destroy();
  };
  const ended = run();
  const finish = async (): Promise<string[]> => {
    ending.abort();
    await ended;
    return acked;
  };
  return { acked, finish };
}

const stateOf = async ({ process }: ClusterNode): Promise<string | undefined> => {
  const status: NodeStatus | undefined = await process.status().catch(() => undefined);
  return status?.cluster?.state;
};

/** Logs of a topic that hold something on a node's disk. */
function keptCopies({ process }: ClusterNode, topic: string): number {
  const logs = join(process.dataDir, 'logs');
  const bytesOf = (dir: string): number =>
    readdirSync(join(logs, dir))
      .filter((name) => name.endsWith('.log'))
      .reduce((sum, name) => sum + statSync(join(logs, dir, name)).size, 0);
  return readdirSync(logs).filter((dir) => dir.startsWith(`${topic}-`) && bytesOf(dir) > 0).length;
}

/** A node that has joined is ready before each partition has grown to it. */
async function untilOnAll(cluster: TestCluster): Promise<void> {
  const ids = cluster.nodes.map(({ id }) => id).join();
  await waitUntil('a copy in sync of everything on every node', 30_000, async () => {
    const [status] = (await cluster.statuses()).values();
    return status?.partitions.every((at) => at.inSync.toSorted((a, b) => a - b).join() === ids);
  });
  await cluster.untilSettled();
}

const waits = (node: ClusterNode) =>
  waitUntil(`node ${node.id} beside the cluster`, 20_000, async () => {
    return (await stateOf(node)) === 'waiting';
  });

it(
  'a node with data grows to three while records flow, and a lost disk is replaced',
  { timeout: 150_000 },
  async (context) => {
    requireTools(context, 'kcat');
    const folder = makeTempFolder('growth');
    closers.push(() => removeTempFolder(folder));
    const network = await LoopbackNetwork.open([1, 2, 3], 'only loopback is asked for');
    closers.push(() => network.close());
    const config = { topics: [{ name: 'sensors', partitions: 2 }] };
    const roles = ['data', 'data', 'data'] as const;
    const cluster = await TestCluster.prepare({ folder, roles, network, config });
    closers.push(() => cluster.kill());
    const [one, two, three] = [cluster.node(1), cluster.node(2), cluster.node(3)];

    const clustered = parse(readFileSync(one.process.configFile, 'utf8')) as NodeConfig;
    // YAML leaves out what is undefined.
    one.process.configure({ ...clustered, cluster: undefined } as NodeConfig);
    await one.process.start();
    const before = publisher(one, 'before');
    await waitUntil('readings of one node', 10_000, () => before.acked.length >= 50);
    const acked = await before.finish();
    await one.process.stop();

    one.process.configure(clustered);
    await one.process.start();
    for (const node of [two, three]) node.process.spawn();
    for (const node of [two, three]) await waits(node);
    const during = publisher(one, 'during');
    for (const node of [two, three]) {
      const { code, error } = await runShorelog(node.process, ['join']);
      expect([code, error]).toEqual([0, '']);
      await node.process.waitUntilReady();
    }
    await waitUntil('readings meanwhile', 10_000, () => during.acked.length >= 50);
    acked.push(...(await during.finish()));
    await untilOnAll(cluster);

    // The disk that was the only one once is lost.
    await one.process.kill();
    rmSync(one.process.dataDir, { recursive: true });
    const after = publisher(two, 'after');
    one.process.spawn();
    await waits(one);
    const refused = await runShorelog(one.process, ['join']);
    expect([refused.code, refused.error]).toEqual([1, expect.stringContaining('shorelog rejoin')]);
    expect((await runShorelog(one.process, ['rejoin'])).code).toBe(0);
    await one.process.waitUntilReady();
    await waitUntil('readings without it', 10_000, () => after.acked.length >= 50);
    acked.push(...(await after.finish()));
    await untilOnAll(cluster);

    // One copy each, then three again.
    for (const [replicas, count] of [
      ['1', 1],
      ['auto', 3],
    ] as const) {
      const altered = await runShorelog(two.process, [
        ...['topics', 'alter', 'sensors', '--replicas', replicas],
      ]);
      expect(altered.code).toBe(0);
      await waitUntil(`${count} replicas`, 20_000, async () => {
        const told = await three.process.status();
        const sensors = told.partitions.filter(({ topic }) => topic === 'sensors');
        return sensors.every((at) => at.inSync.length === count && at.replicas.length === count);
      });
      if (count > 1) continue;
      const left = () => cluster.nodes.map((node) => keptCopies(node, 'sensors'));
      await waitUntil('one copy on all disks', 30_000, () => {
        return left().reduce((sum, copies) => sum + copies, 0) === 2;
      });
      // An emptied copy takes no part after a restart either.
      await three.process.kill();
      await three.process.start();
    }
    const { bootstrap } = one.process;
    const log = await readAllWithKcat({ bootstrap, topic: 'sensors', msMax: 20_000 });
    const stored = new Set(log.map(({ value }) => value?.toString()));
    expect(acked.filter((payload) => !stored.has(payload))).toEqual([]);
    await cluster.stop();
  },
);
