import { expect, it } from 'vitest';
import { logGeneration, offset } from '../../../src/base/brand.ts';
import type { ProduceOutcome } from '../../../src/core/kafka/broker-view.ts';
import { makeBatch } from '../log/log-fixture.ts';
import { newLeader } from './voters-world.ts';

it('refuses what could not be committed; what is in the log by then waits (C3)', () => {
  const { partition, follow, wait } = newLeader();
  const produce = (): ProduceOutcome[] => {
    const outcomes: ProduceOutcome[] = [];
    partition.produce(makeBatch({ base: 0 }), (outcome) => outcomes.push(outcome));
    return outcomes;
  };
  follow(2);
  follow(2);
  expect(partition.isShortOfReplicas).toBe(false);
  const appended = produce();
  partition.persisted(logGeneration(0), partition.logEndOffset);
  // Out of the in-sync set, but not yet away for so long that the leader resigns (T3).
  wait(1_200);
  expect([partition.isLeader, partition.isShortOfReplicas]).toEqual([true, true]);
  expect(produce()).toEqual([{ ok: false, error: 'NOT_ENOUGH_REPLICAS' }]);
  expect(appended).toEqual([]);
  follow(2);
  expect(appended).toEqual([{ ok: true, baseOffset: offset(1), logStartOffset: offset(0) }]);
});
