import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { makeTempFolder, removeTempFolder } from '../integration/harness/temp-folder.ts';
import { LoopbackNetwork } from './network/loopback-network.ts';
import { TestCluster } from './test-cluster.ts';

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

it('a node without its journal votes again as another disk, and nobody has to help', async () => {
  const folder = makeTempFolder('lost-journal');
  closers.push(() => removeTempFolder(folder));
  const network = await LoopbackNetwork.open([1, 2, 3], 'nobody cuts links here');
  const cluster = await TestCluster.prepare({
    ...{ folder, network, roles: ['data', 'data', 'data'] },
    config: { topics: [{ name: 'sensors', partitions: 2 }], disk: { reserveBytes: 65_536 } },
  });
  closers.push(() => cluster.kill());
  await cluster.start();
  await cluster.untilSettled();
  const { process } = cluster.node(2);
  await process.stop();
  rmSync(join(process.dataDir, 'journal'));
  await process.start();
  await cluster.untilSettled();
  expect(process.output()).toContain('this disk goes on as a new one');
}, 180_000);
