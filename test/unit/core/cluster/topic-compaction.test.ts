import { describe, expect, it, vi } from 'vitest';
import { utf8Encode } from '../../../../src/base/bytes.ts';
import { changesBatch } from '../../../../src/core/cluster/compacted-batches.ts';
import { TopicCompaction } from '../../../../src/core/cluster/topic-compaction.ts';
import { produceRefusals } from '../../../../src/core/produce/produce-refusals.ts';
import { newPartition } from '../partition-world.ts';

const change = (value: string) => ({ key: utf8Encode('a'), value: utf8Encode(value) });

function newCompaction() {
  const { partition, effects, persistAll } = newPartition();
  const compaction = new TopicCompaction({
    partition,
    flush: () => undefined,
    emit: (effect) => effects.push(effect),
    liveCount: () => 1,
    newest: () => new Map([['a', utf8Encode('1')]]),
    isEndKnown: () => true,
  });
  /** Whether there was one, now that there may be. */
  const rewrites = (): boolean => {
    effects.length = 0;
    compaction.rewriteIfGrown();
    persistAll();
    return effects.some(({ type }) => type === 'AdvanceLogStart');
  };
  const refuseOnce = () =>
    vi
      .spyOn(partition, 'produce')
      .mockImplementationOnce((_, done) => done(produceRefusals.notLeader));
  return { partition, compaction, persistAll, rewrites, refuseOnce };
}

describe('a rewrite that was refused, or that its leader did not live to commit', () => {
  it('is made again for the hole that it was to leave behind', () => {
    const { compaction, rewrites, refuseOnce } = newCompaction();
    compaction.holeFound();
    refuseOnce();
    expect([rewrites(), rewrites(), rewrites()]).toEqual([false, true, false]);
  });

  it('is made again for what had grown', () => {
    const { partition, persistAll, rewrites, refuseOnce } = newCompaction();
    const changes = Array.from({ length: 20_100 }, () => change('1'));
    partition.produce(changesBatch(changes), () => undefined);
    persistAll();
    refuseOnce();
    expect([rewrites(), rewrites(), rewrites()]).toEqual([false, true, false]);
  });
});
