import { readFileSync } from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { NodeConfig } from '../../edge/cli/demo/node-launcher.ts';
import { runShorelog } from '../integration/harness/run-shorelog.ts';
import { makeTempFolder, removeTempFolder } from '../integration/harness/temp-folder.ts';
import { LoopbackNetwork } from './network/loopback-network.ts';
import { TestCluster } from './test-cluster.ts';

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

it('a topic that one config names, and the cluster does not have, acknowledges nothing', async () => {
  const folder = makeTempFolder('other-topics');
  closers.push(() => removeTempFolder(folder));
  const network = await LoopbackNetwork.open([1, 2, 3], 'nobody cuts links here');
  const cluster = await TestCluster.prepare({
    ...{ folder, network, roles: ['data', 'data', 'data'] },
    config: { topics: [{ name: 'sensors', partitions: 2 }], disk: { reserveBytes: 65_536 } },
  });
  closers.push(() => cluster.kill());
  await cluster.start();
  await cluster.untilSettled();
  const leader = await cluster.leaderOf('__cluster', 0);
  const { process } = cluster.node(leader === 1 ? 2 : 1);
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
  expect(process.output()).toContain('Topic sensors keeps the retention that it was made with');
  // No node leads both partitions for long, and each is asked for all of it.
  for (const id of [1, 2, 3]) {
    const read = await runShorelog(cluster.node(id).process, ['consume', 'sensors']);
    expect(read).toMatchObject({ code: 0, error: '' });
    expect(read.out.match(/ a x$/gm)).toHaveLength(2);
  }
}, 90_000);
