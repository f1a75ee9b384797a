import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { shorelogProgram } from '../../edge/cli/demo/node-launcher.ts';
import { spawnOwned, type OwnedProcess } from '../../edge/cli/demo/owned-process.ts';
import { runKcat } from '../integration/harness/run-program.ts';
import { runShorelog } from '../integration/harness/run-shorelog.ts';
import { makeTempFolder, removeTempFolder } from '../integration/harness/temp-folder.ts';
import { waitUntil } from '../integration/harness/wait-until.ts';
import { requireTools } from '../support/require-tool.ts';
import { LoopbackNetwork } from './network/loopback-network.ts';
import { TestCluster, type ClusterNode } from './test-cluster.ts';

const folder = makeTempFolder('consume');
let cluster: TestCluster;
let reader: OwnedProcess | undefined;

beforeAll(async () => {
  const network = await LoopbackNetwork.open([1, 2, 3], 'nobody cuts links here');
  cluster = await TestCluster.prepare({
    ...{ folder, network, roles: ['data', 'data', 'data'] },
    config: { topics: [{ name: 'sensors', partitions: 3 }], disk: { reserveBytes: 65_536 } },
  });
  await cluster.start();
  await cluster.untilSettled();
});

afterAll(async () => {
  await reader?.kill();
  await cluster.kill();
  removeTempFolder(folder);
});

/** Each line once, also where an answer is lost with the leader. */
const feed = async (from: number, to: number): Promise<void> => {
  const producer = ['-P', '-b', cluster.bootstrap, '-X', 'enable.idempotence=true'];
  const lines = Array.from({ length: to - from }, (_, i) => `${from + i}\n`).join('');
  const fed = await runKcat([...producer, '-t', 'sensors'], lines);
  expect(fed.code, fed.error).toBe(0);
};

const follow = ({ process }: ClusterNode): OwnedProcess =>
  spawnOwned({
    command: globalThis.process.execPath,
    args: [
      shorelogProgram(),
      ...['consume', 'sensors', '--follow', '--json'],
      ...['--config', process.configFile],
    ],
    outputFile: join(folder, 'read.txt'),
  });

const records = (output = ''): { partition: number; offset: number; value: string }[] =>
  output
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as { partition: number; offset: number; value: string });

it('a reader goes on with the next leader when the one it asks is killed', async (context) => {
  requireTools(context, 'kcat');
  const first = cluster.node((await cluster.leaderOf('sensors', 0)) ?? 1);
  const other = cluster.node(first.id === 1 ? 2 : 1);
  await feed(0, 60);
  reader = follow(first);
  await waitUntil('the first 60', 30_000, () => records(reader?.output()).length >= 60);
  await first.process.kill();
  const [ended] = await Promise.all([
    runShorelog(other.process, ['consume', 'sensors', '--json']),
    feed(60, 120),
  ]);
  // Where an election takes longer than it is silent for, it says what it waits for.
  const errors = ended.error.split('\n').filter((line) => !line.endsWith('; trying again'));
  expect([ended.code, errors]).toEqual([0, ['']]);
  expect(records(ended.out).length).toBeGreaterThanOrEqual(60);
  await waitUntil('all 120', 40_000, () => records(reader?.output()).length >= 120).catch(
    (error: unknown) => {
      throw new Error(`it printed ${reader?.output().slice(-500)}`, { cause: error });
    },
  );
  const read = records(reader.output());
  expect(read.map(({ value }) => Number(value)).toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: 120 }, (_, i) => i),
  );
  for (const at of [0, 1, 2]) {
    const offsets = read.filter(({ partition }) => partition === at).map(({ offset }) => offset);
    expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
  }
}, 180_000);
