import { describe, expect, it } from 'vitest';
import { uuid } from '../../../../src/base/brand.ts';
import {
  driftInSyncMs,
  driftRoundMax,
  LeaderDrift,
  type LedPartition,
} from '../../../../src/core/cluster/leader-drift.ts';

const topicId = uuid('0e8f1a52-9a53-4a55-8f30-0f4f6a1e9b01');
const led = (partition: number, wanted: string, inSyncIds: number[] = [1, 2, 3]): LedPartition => ({
  ...{ topicId, partition, inSyncIds },
  assignment: wanted.split(' ').map((each) => ({
    nodeId: Number(each.replace('w', '')),
    directoryId: topicId,
    isWitness: each.startsWith('w'),
  })),
});
const shown = (drift: LeaderDrift, all: LedPartition[], ms: number) =>
  drift.round(all, ms).map(({ partition, nodeId }) => `${partition} to ${nodeId}`);

describe('LeaderDrift', () => {
  it('hands a partition to its first replica once that is in sync for a minute (T4)', () => {
    const drift = new LeaderDrift(1);
    const all = [led(0, '2 3 1'), led(1, '1 2 3'), led(2, '3 1 2', [1, 2])];
    expect(shown(drift, all, 1_000)).toEqual([]);
    expect(shown(drift, all, 999 + driftInSyncMs)).toEqual([]);
    expect(shown(drift, all, 1_000 + driftInSyncMs)).toEqual(['0 to 2']);
  });

  it('counts anew after a round that found it out of sync', () => {
    const drift = new LeaderDrift(1);
    const isIn = [led(0, '2 1')];
    shown(drift, isIn, 0);
    shown(drift, [led(0, '2 1', [1])], 30_000);
    shown(drift, isIn, 35_000);
    expect(shown(drift, isIn, driftInSyncMs)).toEqual([]);
    expect(shown(drift, isIn, 35_000 + driftInSyncMs)).toEqual(['0 to 2']);
  });

  it('counts anew where another node is preferred, or the partition was away', () => {
    const drift = new LeaderDrift(1);
    shown(drift, [led(0, '2 3 1'), led(1, '2 3 1')], 0);
    shown(drift, [led(0, '3 2 1')], 1_000);
    const all = [led(0, '3 2 1'), led(1, '2 3 1')];
    expect(shown(drift, all, driftInSyncMs)).toEqual([]);
    expect(shown(drift, all, 1_000 + driftInSyncMs)).toEqual(['0 to 3']);
    expect(shown(drift, all, 2 * driftInSyncMs)).toEqual(['0 to 3', '1 to 2']);
  });

  it('hands over a few at a time', () => {
    const drift = new LeaderDrift(1);
    const all = Array.from({ length: 10 }, (_, i) => led(i, '2 1'));
    shown(drift, all, 0);
    const first = shown(drift, all, driftInSyncMs);
    expect(first).toEqual(['0 to 2', '1 to 2', '2 to 2', '3 to 2']);
    expect(driftRoundMax).toBe(4);
    expect(shown(drift, all.slice(4), driftInSyncMs)[0]).toBe('4 to 2');
  });

  it('never hands over to a witness', () => {
    const drift = new LeaderDrift(1);
    const all = [led(0, 'w3 1 2'), led(1, 'w3')];
    shown(drift, all, 0);
    expect(shown(drift, all, driftInSyncMs)).toEqual([]);
  });
});
