import { expect, it } from 'vitest';
import { logGeneration, logId, offset } from '../../../src/base/brand.ts';
import type { ReadOutcome } from '../../../src/core/kafka/broker-view.ts';
import { PendingReads } from '../../../src/core/pending-reads.ts';
import { makeBatch } from '../log/log-fixture.ts';

/** One read of a log, with a hole from 3 to 5 that is to be filled, or with none. */
function newRead(
  from: number,
  holes = [{ from: offset(3), to: offset(5) }],
  way: 'read' | 'readUnbroken' = 'read',
) {
  const log = { logId: logId(0), generation: logGeneration(4), highWatermark: offset(9), holes };
  const reads = new PendingReads(() => undefined);
  const outcomes: ReadOutcome[] = [];
  const range = { from: offset(from), to: offset(9), bytesMax: 1_000 };
  reads[way](log, range, (outcome) => outcomes.push(outcome));
  const answer = (base: number, generation = 4): ReadOutcome => {
    const outcome = { ok: true, bytes: makeBatch({ base, records: 2 }) } as const;
    reads.wasRead(1, logGeneration(generation), outcome);
    return outcome;
  };
  return { outcomes, answer };
}

it('does not jump what others still have (V4)', () => {
  const { outcomes, answer } = newRead(3);
  answer(5);
  expect(outcomes).toEqual([{ ok: false, error: 'KAFKA_STORAGE_ERROR' }]);
});

it('gives what lies in front of it, also from the middle of a batch', () => {
  for (const base of [1, 2]) {
    const { outcomes, answer } = newRead(2);
    expect(outcomes).toEqual([answer(base)]);
  }
});

it('jumps what nobody has', () => {
  const { outcomes, answer } = newRead(3, []);
  expect(outcomes).toEqual([answer(5)]);
});

it('gives who copies the log nothing from behind a hole that nobody can fill', () => {
  const behind = newRead(3, [], 'readUnbroken');
  behind.answer(5);
  expect(behind.outcomes).toEqual([{ ok: false, error: 'KAFKA_STORAGE_ERROR' }]);
  const inFront = newRead(2, [], 'readUnbroken');
  expect(inFront.outcomes).toEqual([inFront.answer(2)]);
});

it('tells nothing of another log generation (L4)', () => {
  const { outcomes, answer } = newRead(3);
  answer(3, 3);
  expect(outcomes).toEqual([{ ok: false, error: 'NOT_LEADER_OR_FOLLOWER' }]);
});
