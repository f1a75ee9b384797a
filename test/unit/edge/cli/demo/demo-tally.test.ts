import { expect, test } from 'vitest';
import {
  IdentityCounter,
  isGoodTally,
  tallyDemo,
} from '../../../../../edge/cli/demo/demo-tally.ts';

const counterOf = (...identities: string[]): IdentityCounter => {
  const counter = new IdentityCounter();
  for (const identity of identities) counter.add(identity);
  return counter;
};

test('counts what was acknowledged and is not at central, and what is there twice', () => {
  const sensors = { published: 5, acked: new Set(['a', 'b', 'c']) };
  const tally = tallyDemo(
    sensors,
    counterOf('a', 'b', 'c', 'd'),
    counterOf('a', 'd', 'd', 'd', 'c'),
  );
  expect(tally).toEqual({
    published: 5,
    acked: 3,
    inLog: 4,
    atCentral: 3,
    duplicates: 2,
    lost: 1,
  });
});

test('a reading without a PUBACK is not lost, whether it arrived or not', () => {
  const sensors = { published: 3, acked: new Set(['a']) };
  expect(tallyDemo(sensors, counterOf('a', 'b'), counterOf('a', 'b')).lost).toBe(0);
  expect(tallyDemo(sensors, counterOf('a'), counterOf('a')).lost).toBe(0);
});

test('everything acknowledged and there once: good', () => {
  const sensors = { published: 2, acked: new Set(['a', 'b']) };
  expect(isGoodTally(tallyDemo(sensors, counterOf('a', 'b'), counterOf('b', 'a')))).toBe(true);
});

test.each([
  ['nothing was acknowledged', [], ['a']],
  ['one is lost', ['a', 'b'], ['a']],
  ['one is there twice', ['a', 'b'], ['a', 'b', 'a']],
  ['one got no PUBACK', ['a'], ['a', 'b']],
])('%s: not good', (_, acked, atCentral) => {
  const sensors = { published: 2, acked: new Set(acked) };
  expect(isGoodTally(tallyDemo(sensors, counterOf(), counterOf(...atCentral)))).toBe(false);
});
