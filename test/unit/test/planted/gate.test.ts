import { expect, test } from 'vitest';
import { roundsOf } from '../../../planted/gate.ts';
import type { PlantedBug } from '../../../planted/planted-bug.ts';

const bug = (name: string, file: string): PlantedBug => ({
  ...{ name, file, rule: 'L1', why: '', from: '', to: '', suites: [] },
});

test('patches of one file are never tried together, and none is left out', () => {
  const bugs = [bug('a', 'one'), bug('b', 'two'), bug('c', 'one'), bug('d', 'one')];
  const names = roundsOf(bugs).map((round) => round.map(({ name }) => name));
  expect(names).toEqual([['a', 'b'], ['c'], ['d']]);
});
