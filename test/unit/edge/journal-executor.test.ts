import { describe, expect, it } from 'vitest';
import { JournalExecutor } from '../../../edge/journal-executor.ts';
import { leaderEpoch, logGeneration, offset } from '../../../src/base/brand.ts';
import type { Event } from '../../../src/core/event.ts';
import { Storage } from '../../../src/log/storage.ts';
import { DiskError } from '../../../src/ports/disk.ts';
import { FakeDisk } from '../../fakes/fake-disk.ts';
import { otherTopicId, storageOptions, topicId } from '../log/log-fixture.ts';

async function newExecutor(disk: FakeDisk) {
  const opened = await Storage.open(disk, { ...storageOptions(), isClustered: true });
  if (!opened.ok) throw new Error(opened.error.code);
  const storage = opened.value;
  const events: Event[] = [];
  const works: Promise<void>[] = [];
  const retried = async (work: () => Promise<void>): Promise<void> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof DiskError) || error.code !== 'ENOSPC') throw error;
      await new Promise((resolve) => setImmediate(resolve));
      disk.budgetBytes = 1 << 30;
      return retried(work);
    }
  };
  const executor = new JournalExecutor({
    storage,
    post: (event) => events.push(event),
    start: (work) => works.push(retried(work)),
  });
  return { executor, events, storage, done: () => Promise.all(works) };
}

const voter = { nodeId: 2, directoryId: otherTopicId, role: 'witness' } as const;
const stateTo = (end: number) => ({
  logStartOffset: offset(0),
  endOffset: offset(end),
  epochStarts: [{ leaderEpoch: leaderEpoch(1), startOffset: offset(0) }],
  voters: [{ from: offset(0), voters: [voter] }],
  epochBeforeStart: leaderEpoch(0),
});

describe('JournalExecutor', () => {
  it('answers each order when it is durable', async () => {
    const disk = new FakeDisk();
    const { executor, events, done } = await newExecutor(disk);
    const place = { topicId, partition: 1 };
    const generation = logGeneration(3);
    executor.run({ type: 'StoreVoters', ...place, voters: [voter] });
    executor.run({ type: 'StoreWitness', ...place, generation, state: stateTo(8) });
    const start = { directoryId: otherTopicId, startCounter: 5, startId: topicId };
    executor.run({ type: 'NotePeerStart', ...start });
    const cluster = { clusterId: topicId, clusterTopicId: otherTopicId };
    executor.run({ type: 'AdoptCluster', ...cluster, voters: [voter] });
    expect(events).toEqual([]);
    await done();
    expect(events).toEqual([
      { type: 'VotersStored', ...place },
      { type: 'WitnessStored', ...place, generation, endOffset: 8 },
      { type: 'PeerStartNoted', ...start },
      { type: 'ClusterAdopted', ...cluster },
    ]);
    disk.reboot('lost');
    const again = await newExecutor(disk);
    expect(again.storage.facts).toEqual({
      clusterTopicId: otherTopicId,
      formerDirectoryIds: [],
      givingUp: [],
      onceHad: [],
      startVoters: [
        { ...place, voters: [voter] },
        { topicId: otherTopicId, partition: 0, voters: [voter] },
      ],
      witnesses: [{ ...place, state: stateTo(8) }],
      peerStarts: [start],
    });
  });

  it('never lets an order that waited for room come over a later one', async () => {
    const disk = new FakeDisk();
    const { executor, events, storage, done } = await newExecutor(disk);
    const order = { type: 'StoreWitness', topicId, partition: 0, generation: logGeneration(0) };
    disk.budgetBytes = 0;
    executor.run({ ...order, type: 'StoreWitness', state: stateTo(8) });
    await new Promise((resolve) => queueMicrotask(() => resolve(undefined)));
    executor.run({ ...order, type: 'StoreWitness', state: stateTo(4) });
    await done();
    expect(events.length).toBe(2);
    expect(storage.facts.witnesses[0]?.state.endOffset).toBe(4);
  });

  it('forgets how far a log was at once or not at all: a later cut may note it again (V4)', async () => {
    for (const isFull of [false, true]) {
      const disk = new FakeDisk();
      const { executor, events, storage, done } = await newExecutor(disk);
      const place = { topicId, partition: 0 };
      await storage.journal.persistCut(place, offset(80), offset(100));
      // The reserve is not there either: no line fits, until somebody tries again.
      await storage.reserve.release();
      if (isFull) disk.budgetBytes = 0;
      executor.run({ type: 'ForgetOnceHad', ...place });
      await done();
      expect([events, disk.budgetBytes === 0]).toEqual([[], isFull]);
      disk.budgetBytes = 1 << 30;
      executor.run({ type: 'ForgetOnceHad', ...place });
      const isCut = storage.journal.persistCut(place, offset(85), offset(90));
      await Promise.all([done(), isCut]);
      disk.reboot('lost');
      const again = await newExecutor(disk);
      expect(again.storage.facts.onceHad).toEqual([{ ...place, to: 90 }]);
      again.executor.run({ type: 'ForgetOnceHad', ...place });
      await again.done();
      disk.reboot('lost');
      expect((await newExecutor(disk)).storage.facts.onceHad).toEqual([]);
    }
  });

  it('stops where a directory would take another cluster (V2)', async () => {
    const { executor, done } = await newExecutor(new FakeDisk());
    const order = { type: 'AdoptCluster', clusterTopicId: otherTopicId, voters: [voter] } as const;
    executor.run({ ...order, clusterId: topicId });
    await done();
    executor.run({ ...order, clusterId: otherTopicId });
    await expect(done()).rejects.toThrow('another cluster');
  });
});
