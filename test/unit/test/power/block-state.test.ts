import { describe, expect, test } from 'vitest';
import { Prng } from '../../../../src/base/prng.ts';
import { chooseBlockState, flushEnds } from '../../../power/block-state.ts';
import type { WriteLogEntry } from '../../../power/write-log.ts';

const write = (bytes: number, isForced = false): WriteLogEntry => ({
  ...{ kind: 'write', at: 0, bytes, isForced, dataAt: 0 },
});
const flush: WriteLogEntry = { kind: 'flush', at: 0, bytes: 0, isForced: false, dataAt: 0 };
const log = [write(512), flush, write(2048), write(1024), write(4096), flush, flush, write(512)];

describe('a legal state', () => {
  test('begins behind a flush that a write follows', () => {
    expect(flushEnds(log, 0, log.length)).toEqual([2, 7]);
    expect(flushEnds(log, 2, log.length)).toEqual([7]);
    expect(flushEnds(log, 0, 6)).toEqual([2]);
  });

  const states = Array.from({ length: 2_000 }, (_, seed) =>
    chooseBlockState(log, 2, new Prng(seed)),
  );

  test('never goes over the next flush', () => {
    const cuts = new Set(states.map(({ cut }) => cut));
    expect([...cuts].sort((a, b) => a - b)).toEqual([3, 4, 5]);
    for (const { durable, cut, kept } of states) {
      expect(durable).toBe(2);
      for (const { entry } of kept) expect(entry >= 2 && entry < cut).toBe(true);
    }
  });

  test('keeps whole sectors within their write, in the order of the log', () => {
    for (const { kept } of states) {
      for (const [index, { entry, from, to }] of kept.entries()) {
        expect([from % 512, to % 512, from < to, to <= (log[entry]?.bytes ?? 0)]).toEqual([
          ...[0, 0, true, true],
        ]);
        const before = kept[index - 1];
        if (before === undefined) continue;
        expect(before.entry < entry || (before.entry === entry && before.to <= from)).toBe(true);
      }
    }
  });

  test('is every subset, and torn ones', () => {
    const whole = states.filter(({ cut, kept }) =>
      kept.every(({ entry, from, to }) => cut === 5 && from === 0 && to === log[entry]?.bytes),
    );
    const subsets = new Set(whole.map(({ kept }) => kept.map(({ entry }) => entry).join()));
    expect(subsets.size).toBe(8);
    const torn = states.filter(({ kept }) =>
      kept.some(({ entry, from, to }) => to - from < (log[entry]?.bytes ?? 0)),
    );
    expect(torn.length).toBeGreaterThan(100);
  });

  test('has every forced write that was finished', () => {
    const entries = [flush, write(512), write(1024, true), flush];
    for (let seed = 0; seed < 200; seed += 1) {
      const { cut, kept } = chooseBlockState(entries, 1, new Prng(seed));
      expect(kept.filter(({ entry }) => entry === 2)).toEqual(
        cut > 2 ? [{ entry: 2, from: 0, to: 1024 }] : [],
      );
    }
  });
});
