/**
 * A copy that once had more than its leader's log (V4): whole again and fsynced it is as good as
 * any other, also after a power cut of all nodes.
 */
import { expect, test } from 'vitest';
import { present } from '../../src/base/assert.ts';
import { logGeneration, offset } from '../../src/base/brand.ts';
import { Storage } from '../../src/log/storage.ts';
import { storedEntries } from '../../src/log/stored-entries.ts';
import { ClusterWorld } from '../sim/cluster/cluster-world.ts';
import type { Machine } from '../sim/cluster/machine.ts';
import { storageOptions } from '../unit/log/log-fixture.ts';

/** What of a log is lost, and how much of it nobody else has. */
const [lost, uncommitted] = [3, 50];

const sensorsOf = (machine: Machine) =>
  [...machine.partitions].find(({ topic }) => topic === 'sensors');

const onceHadOf = (machine: Machine) =>
  storedEntries(present(machine.storage, 'it runs').journal.entries()).onceHad;

/** Rot took the end of its log, with a tail that was never committed, and its leader cut it. */
async function cutLog({ disk, nodeId }: Machine): Promise<void> {
  const opened = await Storage.open(disk.fake, { ...storageOptions(), nodeId, isClustered: true });
  if (!opened.ok) throw new Error(opened.error.code);
  const storage = opened.value;
  const log = present(
    storage.logs.find(({ topic }) => topic === 'sensors'),
    'it has a copy',
  );
  const { logEndOffset: end } = log;
  const to = offset(end - lost);
  await log.truncate(to, logGeneration(log.generation + 1), offset(end + uncommitted));
  disk.crash('killed');
}

test('a copy that is whole again elects with another one after a power cut of all nodes', async () => {
  const nodes = [1, 2, 3].map((nodeId) => ({ nodeId, isWitness: false }));
  const client = { clean: false, qosShares: [0, 1, 0], everyMs: 100, windowMax: 4 } as const;
  const world = new ClusterWorld(1, {
    shape: { nodes, partitions: 1, segmentBytes: 8_192, clockDrift: 0, isForwarded: false },
    producers: [],
    clients: [{ ...client, clientId: 'sensor', roams: 20 }],
  });
  const { time, machines } = world;
  const uninstall = time.install();
  try {
    for (const machine of machines) machine.start();
    await time.run(3_000);
    for (const each of world.clients) each.isPublishing = false;
    expect(await world.untilWhole(30_000)).toBeUndefined();
    const leader = present(
      machines.find((each) => sensorsOf(each)?.isLeader),
      'it is led',
    );
    const [cut, other] = machines.filter((each) => each !== leader) as [Machine, Machine];
    cut.crash('lost');
    await cutLog(cut);
    cut.start();
    await time.run(time.nowMs + 200);
    expect(await world.untilWhole(30_000)).toBeUndefined();
    expect(sensorsOf(leader)?.isLeader).toBe(true);
    const [before, committed] = [leader, cut].map((each) => sensorsOf(each)?.logEndOffset);
    expect(committed).toBe(before);
    expect(onceHadOf(cut)).toEqual([]);

    for (const machine of machines) machine.crash('lost');
    for (const machine of [cut, other]) machine.start();
    await time.run(time.nowMs + 20_000);
    const led = [cut, other].filter((each) => sensorsOf(each)?.isLeader);
    expect(led).toHaveLength(1);
    expect(sensorsOf(led[0] as Machine)?.highWatermark).toBeGreaterThan(before ?? 0);
  } finally {
    uninstall();
  }
});
