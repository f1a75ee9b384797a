import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { NodeConfig } from '../../edge/cli/demo/node-launcher.ts';
import { requireDumpTool } from '../integration/harness/dump-log-segments.ts';
import { kafkaTopics } from '../integration/harness/kafka-topics-tool.ts';
import { runKcat } from '../integration/harness/run-program.ts';
import { runShorelog } from '../integration/harness/run-shorelog.ts';
import { makeTempFolder, removeTempFolder } from '../integration/harness/temp-folder.ts';
import { waitUntil } from '../integration/harness/wait-until.ts';
import { requireTools } from '../support/require-tool.ts';
import { LoopbackNetwork } from './network/loopback-network.ts';
import { TestCluster } from './test-cluster.ts';

const folder = makeTempFolder('other-topics');
let cluster: TestCluster;

beforeAll(async () => {
  const network = await LoopbackNetwork.open([1, 2, 3], 'nobody cuts links here');
  cluster = await TestCluster.prepare({
    ...{ folder, network, roles: ['data', 'data', 'data'] },
    config: {
      topics: [{ name: 'sensors', partitions: 2 }],
      ...{ disk: { reserveBytes: 65_536 }, log: { segmentBytes: 10_000 } },
    },
  });
  await cluster.start();
  await cluster.untilSettled();
});

afterAll(async () => {
  await cluster.kill();
  removeTempFolder(folder);
});

/** A node that does not lead `__cluster`: what it is asked goes to another one. */
async function aFollower() {
  const leader = await cluster.leaderOf('__cluster', 0);
  return cluster.node(leader === 1 ? 2 : 1);
}

it('a topic that one config names, and the cluster does not have, acknowledges nothing', async () => {
  const { process } = await aFollower();
  await process.stop();
  process.configure({
    ...(parse(readFileSync(process.configFile, 'utf8')) as NodeConfig),
    topics: [{ name: 'sensors', partitions: 2, retentionMs: 60_000 }, { name: 'late' }],
    routes: [
      { from: 'late/#', topic: 'late' },
      { from: '#', topic: 'sensors' },
    ],
  });
  await process.start();
  for (const qos of ['1', '2']) {
    const refused = await runShorelog(process, ['publish', 'late/a', 'x', '--qos', qos]);
    expect(refused).toMatchObject({ code: 1, out: '' });
    const taken = await runShorelog(process, ['publish', 'a', 'x', '--qos', qos]);
    expect(taken).toMatchObject({ code: 0, out: '1 on disk\n' });
  }
  expect(process.output()).toContain('The cluster has no topic late: publishes');
  expect(process.output()).toContain('Topic sensors keeps the retention that the cluster has');
  // No node leads both partitions for long, and each is asked for all of it.
  for (const id of [1, 2, 3]) {
    const read = await runShorelog(cluster.node(id).process, ['consume', 'sensors']);
    expect(read).toMatchObject({ code: 0, error: '' });
    expect(read.out.match(/ a x$/gm)).toHaveLength(2);
  }
}, 180_000);

it("Kafka's own tool makes topics with as many replicas as it says, and describes them", async (context) => {
  requireTools(context, 'kcat');
  const tool = await requireDumpTool(context);
  const create = (topic: string, ...args: string[]) =>
    kafkaTopics(tool, cluster.bootstrap, ['--create', '--topic', topic, '--partitions=2', ...args]);
  const made = { one: 1, two: 2 };
  const asked = await Promise.all(
    Object.entries({ ...made, four: 4 }).map(([topic, count]) =>
      create(topic, '--replication-factor', `${count}`),
    ),
  );
  expect(asked.map(({ out }) => out)).toEqual([
    'Created topic one.',
    'Created topic two.',
    expect.stringContaining('4 replicas need 4 data nodes; there are 3.'),
  ]);
  for (const { process } of cluster.nodes) {
    await waitUntil('all replicas in metadata', 30_000, async () => {
      const listed = await replicasOf(process.bootstrap);
      const expected = Object.entries(made).map(([topic, count]) => [topic, [count, count]]);
      return expected.every(([topic, counts]) => {
        const told = listed.get(topic as string);
        return JSON.stringify(told) === JSON.stringify({ replicas: counts, inSync: counts });
      });
    });
  }
  const { code, out } = await kafkaTopics(tool, cluster.bootstrap, ['--describe']);
  expect(code, out).toBe(0);
  const configs = 'min.insync.replicas=1,retention.ms=604800000,';
  expect(out).toMatch(
    new RegExp(`Topic: two\t.*PartitionCount: 2\tReplicationFactor: 2\tConfigs: .*${configs}`),
  );
  expect(out).toMatch(/Topic: two\tPartition: 1\tLeader: \d\tReplicas: \d,\d\tIsr: \d,\d\t/);
  expect(out).toMatch(/Topic: sensors\t.*min\.insync\.replicas=2,/);
  expect(out).toMatch(/Topic: __cluster\t.*Configs: cleanup\.policy=compact,/);
}, 180_000);

it('a retention that is altered at one node holds on all of them', async (context) => {
  requireTools(context, 'kcat');
  const { process } = await aFollower();
  const lines = Array.from({ length: 40 }, (_, i) => `${i}`.padEnd(1_000, '.')).join('\n');
  const feed = ['-P', '-b', cluster.bootstrap, '-t', 'sensors', '-p', '0'];
  const fed = await runKcat([...feed, '-X', 'batch.num.messages=4'], lines);
  expect(fed.code).toBe(0);
  const altered = ['--retention-ms', '86400000', '--retention-bytes', '1'];
  const { code, out } = await runShorelog(process, ['topics', 'alter', 'sensors', ...altered]);
  expect([code, out]).toEqual([
    0,
    'sensors has retentionMs 86400000 and retentionBytes 1 now, on every node\n',
  ]);
  await waitUntil('the oldest segments are gone everywhere', 30_000, async () => {
    const statuses = [...(await cluster.statuses()).values()];
    return statuses.every(({ topics, partitions }) => {
      const topic = topics.find((one) => one.topic === 'sensors');
      const told = partitions.find((one) => one.topic === 'sensors' && one.partition === 0);
      const isAltered = topic?.retentionMs === 86_400_000 && topic.retentionBytes === 1;
      return isAltered && (told?.logStartOffset ?? 0) > 20;
    });
  });
  expect((await runShorelog(process, ['topics'])).out).toMatch(/sensors +2 +auto +1 d or 1 B/);
}, 180_000);

/** Of all topics, by the metadata of one node: how many replicas each partition has. */
async function replicasOf(bootstrap: string) {
  const { out } = await runKcat(['-L', '-J', '-b', bootstrap]);
  const { topics } = JSON.parse(out.toString('utf8')) as {
    topics: {
      topic: string;
      partitions: { replicas: unknown[]; isrs: unknown[] }[];
    }[];
  };
  return new Map(
    topics.map(({ topic, partitions }) => [
      topic,
      {
        replicas: partitions.map(({ replicas }) => replicas.length),
        inSync: partitions.map(({ isrs }) => isrs.length),
      },
    ]),
  );
}
