import { describe, expect, it } from 'vitest';
import { logGeneration, logId, offset } from '../../../src/base/brand.ts';
import type { Effect } from '../../../src/core/effect.ts';
import { LogState } from '../../../src/core/log-state.ts';
import { emptyLog, newPartition } from './partition-world.ts';
import { newLeader, newObserver } from './voters-world.ts';

const range = (from: number, to: number) => ({ from: offset(from), to: offset(to) });

function newLogState(logEndOffset = 0) {
  const orders: Effect[] = [];
  const recovered = emptyLog({ logEndOffset: offset(logEndOffset) });
  const log = new LogState(recovered, {
    logId: logId(0),
    segmentBytesMax: 1_000,
    emit: (effect) => orders.push(effect),
    appended: () => undefined,
    truncated: () => undefined,
    reset: () => undefined,
  });
  return { log, orders, recovered };
}

describe('rot in a partition', () => {
  it('is a hole that stays where there is one voter (L6)', () => {
    const { partition } = newPartition();
    partition.rotFound(partition.generation, [range(0, 1)]);
    expect(partition.holes).toEqual([]);
    expect(partition.isLeader).toBe(true);
  });
});

describe('rot in a copy that does not vote', () => {
  it('is a hole that the only voter fills, before the copy may become a voter too (V4)', () => {
    const partition = newObserver();
    partition.rotFound(partition.generation, [range(0, 1)]);
    expect(partition.holes).toEqual([range(0, 1)]);
  });
});

describe('rot in a partition of three voters', () => {
  it('makes its leader hand over, once the others can elect without its vote (V4)', () => {
    const { partition, follow } = newLeader();
    follow(2);
    partition.rotFound(partition.generation, [range(0, 1)]);
    expect(partition.holes).toEqual([range(0, 1)]);
    partition.tick();
    expect(partition.isLeader).toBe(true);
    follow(2, 3);
    follow(2, 3);
    partition.tick();
    expect(partition.isLeader).toBe(false);
  });

  it('makes its leader hand over at once where they can', () => {
    const { partition, follow } = newLeader();
    follow(2, 3);
    follow(2, 3);
    partition.rotFound(partition.generation, [range(0, 1)]);
    expect(partition.isLeader).toBe(false);
  });
});

describe('the holes of a log', () => {
  it('are in order, and those that touch are one', () => {
    const { log, orders } = newLogState();
    log.rotFound(logGeneration(0), [range(20, 30), range(5, 8)]);
    log.rotFound(logGeneration(0), [range(8, 10), range(25, 40)]);
    expect(log.holes).toEqual([range(5, 10), range(20, 40)]);
    expect(log.isWhole).toBe(false);
    expect(orders).toEqual([]);
  });

  it('count for nothing behind the first one until it is filled (V4)', () => {
    const { log } = newLogState(50);
    log.rotFound(logGeneration(0), [range(20, 30)]);
    expect(log.persistedOffset).toBe(20);
  });

  it('are not those of another generation (L4)', () => {
    const { log } = newLogState();
    log.rotFound(logGeneration(3), [range(20, 30)]);
    expect(log.isWhole).toBe(true);
  });

  it('end where the log begins', () => {
    const { log } = newLogState(50);
    log.rotFound(logGeneration(0), [range(5, 10), range(20, 30)]);
    log.logStartAdvanced(offset(25));
    expect(log.holes).toEqual([range(25, 30)]);
    log.logStartAdvanced(offset(30));
    expect(log.isWhole).toBe(true);
  });

  it('are filled in a new generation, and gone when the disk says so', () => {
    const { log, orders, recovered } = newLogState(50);
    log.rotFound(logGeneration(0), [range(20, 30)]);
    log.repair(new Uint8Array(1));
    expect(orders).toMatchObject([{ type: 'RepairLog', generation: 1 }]);
    expect(log.isCutting).toBe(true);
    log.wasCut(logGeneration(1), { ...recovered, generation: logGeneration(1) });
    expect(log).toMatchObject({ isWhole: true, isCutting: false, persistedOffset: 50 });
  });
});
