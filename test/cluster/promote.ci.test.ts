import { rmSync } from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import { readAllWithKcat } from '../../edge/cli/demo/kcat-reader.ts';
import type { PartitionStatus } from '../../src/core/node-status.ts';
import { runShorelog } from '../integration/harness/run-shorelog.ts';
import { makeTempFolder, removeTempFolder } from '../integration/harness/temp-folder.ts';
import { waitUntil } from '../integration/harness/wait-until.ts';
import { requireTools } from '../support/require-tool.ts';
import { LoopbackNetwork } from './network/loopback-network.ts';
import { Sensor } from './sensor.ts';
import { TestCluster, type ClusterNode } from './test-cluster.ts';

const topic = 'sensors';
const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const partitionsOf = async ({ process }: ClusterNode): Promise<readonly PartitionStatus[]> =>
  (await process.status()).partitions;

/** Waits until each partition, as this node tells of it, is as it shall be. */
const untilEach = (
  what: string,
  node: ClusterNode,
  isSo: (partition: PartitionStatus) => boolean,
): Promise<readonly PartitionStatus[]> =>
  waitUntil(what, 30_000, async () => {
    const now = await partitionsOf(node).catch(() => []);
    return now.length > 0 && now.every(isSo) ? now : undefined;
  });

const stateOf = async (node: ClusterNode, other: ClusterNode): Promise<string> => {
  const status = await node.process.status();
  const told = status.cluster?.nodes.find(({ id }) => id === other.id);
  return `${told?.state} ${told?.lastError ?? ''}`;
};

it(
  "the last one of two gateways goes on by an operator's word, and the other comes back empty (V5)",
  { timeout: 300_000 },
  async (context) => {
    requireTools(context, 'kcat');
    const folder = makeTempFolder('promote');
    closers.push(() => removeTempFolder(folder));
    const network = await LoopbackNetwork.open([1, 2], 'nobody cuts links here');
    closers.push(() => network.close());
    const config = { topics: [{ name: topic, partitions: 2 }], disk: { reserveBytes: 1_048_576 } };
    const cluster = await TestCluster.prepare({ folder, roles: ['data', 'data'], network, config });
    closers.push(() => cluster.kill());
    await cluster.start();
    await cluster.untilSettled();
    const [left, lost] = [cluster.node(1), cluster.node(2)];
    const sensor = new Sensor([left]);
    closers.push(() => sensor.close());
    for (let i = 0; i < 20; i++) await sensor.publish();
    const before = await partitionsOf(left);
    const promote = (...more: string[]) => runShorelog(left.process, ['promote', ...more]);

    const early = await promote('--yes');
    expect([early.code, early.error]).toEqual([1, expect.stringContaining('Node 2 answers')]);

    await lost.process.kill();
    await untilEach('nobody to lead', left, ({ leader }) => leader === undefined);
    const plan = await waitUntil('a plan', 30_000, async () => {
      const told = await promote('--json');
      return told.error === '' ? told : undefined;
    });
    expect([plan.code, JSON.parse(plan.out)]).toMatchObject([
      1,
      { isDone: false, givenUp: [2], partitions: before.map(() => ({ outcome: 'complete' })) },
    ]);
    const still = await partitionsOf(left);
    expect(still.every(({ leader }) => leader === undefined)).toBe(true);

    const done = await promote('--yes');
    expect([done.code, done.error]).toEqual([0, '']);
    expect(done.out).toContain('without node 2');
    for (let i = 0; i < 20; i++) await sensor.publish();
    // `__cluster` has it: the logs that it names lead by and by.
    const led = await untilEach('it leads all', left, ({ leader }) => leader !== undefined);
    for (const now of led) {
      const then = before.find(
        (each) => each.topic === now.topic && each.partition === now.partition,
      );
      expect(now.leaderEpoch).toBeGreaterThanOrEqual((then?.leaderEpoch ?? 0) + 1_000);
      expect([now.leader, now.inSync]).toEqual([1, [1]]);
    }

    // It is remembered over a crash, and the old disk stays outside.
    await left.process.kill();
    await left.process.start();
    lost.process.spawn();
    await waitUntil('the old disk is refused', 30_000, async () => {
      const told = await stateOf(lost, left).catch(() => '');
      return told.startsWith('stranger') && told.includes('given up by `shorelog promote`');
    });
    await waitUntil('the one that goes on says so, too', 30_000, async () =>
      /givenUp .*move its data directory away/.test(await stateOf(left, lost)),
    );
    for (let i = 0; i < 20; i++) await sensor.publish();
    const outside = await partitionsOf(lost);
    expect(outside.every(({ leader }) => leader === undefined)).toBe(true);
    expect((await runShorelog(lost.process, ['rejoin'])).code).toBe(1);

    await lost.process.kill();
    rmSync(lost.process.dataDir, { recursive: true });
    lost.process.spawn();
    await waitUntil('it may come in', 60_000, async () => {
      return (await runShorelog(lost.process, ['rejoin'])).code === 0;
    });
    await lost.process.waitUntilReady();
    await untilEach('two copies', left, ({ inSync }) => inSync.length === 2);
    await sensor.publish();
    await cluster.untilSettled();
    for (const { process } of cluster.nodes) {
      const log = await readAllWithKcat({ bootstrap: process.bootstrap, topic, msMax: 20_000 });
      const stored = new Set(log.map(({ value }) => value?.toString().trimEnd()));
      expect(sensor.acked.filter((payload) => !stored.has(payload))).toEqual([]);
    }
    await cluster.stop();
  },
);
