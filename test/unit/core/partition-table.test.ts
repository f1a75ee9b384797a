import { describe, expect, it } from 'vitest';
import { logId, monotonicMs, uuid } from '../../../src/base/brand.ts';
import type { Partition } from '../../../src/core/partition.ts';
import { PartitionTable } from '../../../src/core/partition-table.ts';

/** Only what the table looks at. */
function fakePartition(id: number, topicId = 1) {
  const partition = {
    ...{ logId: logId(id), topic: 'sensors', partition: 0 },
    topicId: uuid(`00000000-0000-4000-8000-00000000000${topicId}`),
    isLeader: false,
    dueAt: undefined as number | undefined,
    asked: 0,
    ticks: 0,
    nextDeadline: () => {
      partition.asked++;
      return partition.dueAt;
    },
    tick: () => {
      partition.ticks++;
    },
  };
  return { fake: partition, partition: partition as unknown as Partition };
}

describe('PartitionTable', () => {
  it('wakes who is due, and nobody else', () => {
    const table = new PartitionTable(false);
    const { fake, partition } = fakePartition(1);
    table.add(partition);
    expect(table.nextDeadline()).toBeUndefined();
    fake.dueAt = 10;
    expect(table.nextDeadline()).toBe(10);
    table.tick(monotonicMs(9));
    expect(fake.ticks).toBe(0);
    table.tick(monotonicMs(10));
    expect(fake.ticks).toBe(1);
  });

  it('asks a leader of a cluster of one no more, and every other one each time', () => {
    for (const [isAlone, asked] of [
      [true, 1],
      [false, 3],
    ] as const) {
      const table = new PartitionTable(isAlone);
      const { fake, partition } = fakePartition(1);
      table.add(partition);
      table.nextDeadline();
      fake.isLeader = true;
      fake.asked = 0;
      for (let i = 0; i < 3; i++) table.nextDeadline();
      expect(fake.asked).toBe(asked);
    }
  });

  it('forgets the partition of another topic id under the same name (V6)', () => {
    const table = new PartitionTable(true);
    const [before, after] = [fakePartition(1), fakePartition(2, 2)];
    table.add(before.partition);
    table.add(after.partition);
    before.fake.dueAt = 5;
    expect(table.nextDeadline()).toBeUndefined();
    expect(table.byLog(before.fake.logId)).toBeUndefined();
    expect([...table]).toEqual([after.partition]);
  });
});
