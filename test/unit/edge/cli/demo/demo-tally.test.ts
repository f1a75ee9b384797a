import { expect, test } from 'vitest';
import {
  IdentityCounter,
  isGoodTally,
  tallyDemo,
} from '../../../../../edge/cli/demo/demo-tally.ts';

const counterOf = (...identities: string[]): IdentityCounter => {
  const counter = new IdentityCounter();
  // For example `a`, or `a2` for its second sending.
  for (const text of identities) {
    counter.add({ identity: text.charAt(0), sending: Number(text.slice(1) || 1) });
  }
  return counter;
};

test('counts what was acknowledged and is not at central, and what is there twice', () => {
  const sensors = { published: 5, acked: new Set(['a', 'b', 'c']) };
  const tally = tallyDemo(
    sensors,
    counterOf('a', 'b', 'c', 'd'),
    counterOf('a', 'd', 'd', 'd', 'c', 'c2'),
  );
  expect(tally).toEqual({
    published: 5,
    acked: 3,
    inLog: 4,
    atCentral: 3,
    duplicates: 2,
    resent: 1,
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

test('a reading that its sensor sent again may be there once more: good', () => {
  const sensors = { published: 2, acked: new Set(['a', 'b']) };
  const atCentral = counterOf('a', 'b', 'b2');
  expect(isGoodTally(tallyDemo(sensors, counterOf('a', 'b', 'b2'), atCentral))).toBe(true);
});

test.each([
  ['nothing was acknowledged', [], ['a']],
  ['one is lost', ['a', 'b'], ['a']],
  ['one is there twice', ['a', 'b'], ['a', 'b', 'a']],
  ['a second sending is there twice', ['a', 'b'], ['a', 'b', 'b2', 'b2']],
  ['one got no PUBACK', ['a'], ['a', 'b']],
])('%s: not good', (_, acked, atCentral) => {
  const sensors = { published: 2, acked: new Set(acked) };
  expect(isGoodTally(tallyDemo(sensors, counterOf(), counterOf(...atCentral)))).toBe(false);
});
