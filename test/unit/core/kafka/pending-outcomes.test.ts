import { expect, test } from 'vitest';
import { monotonicMs } from '../../../../src/base/brand.ts';
import { Deadlines } from '../../../../src/core/kafka/deadlines.ts';
import type { Exchange, HandlerContext } from '../../../../src/core/kafka/handler.ts';
import { PendingOutcomes } from '../../../../src/core/kafka/pending-outcomes.ts';

interface Outcome {
  readonly text: string;
}

function pending(count: number) {
  const deadlines = new Deadlines();
  const settled: (readonly (string | undefined)[])[] = [];
  let abandon: () => void = () => undefined;
  const outcomes = new PendingOutcomes<Outcome>({
    count,
    timeoutMs: 100,
    settle: (all) => settled.push(all.map((outcome) => outcome?.text)),
  });
  const context = { deadlines, now: () => monotonicMs(1_000) } as HandlerContext;
  const exchange = { onAbandoned: (release) => (abandon = release) } as Pick<
    Exchange,
    'onAbandoned'
  >;
  const wait = (): void => outcomes.wait(context, exchange as Exchange);
  return { outcomes, deadlines, settled, wait, abandon: () => abandon() };
}

test('settles once, when the last part is decided; the first word on a part counts', () => {
  const { outcomes, deadlines, settled, wait } = pending(2);
  wait();
  outcomes.decide(1, { text: 'b' });
  outcomes.decide(1, { text: 'other' });
  expect(settled).toEqual([]);
  outcomes.decide(0, { text: 'a' });
  expect(settled).toEqual([['a', 'b']]);
  expect(deadlines.next()).toBeUndefined();
  outcomes.decide(0, { text: 'again' });
  expect(settled).toHaveLength(1);
});

test('what is decided before it waits takes no deadline, and nothing is answered at once', () => {
  const decided = pending(1);
  decided.outcomes.decide(0, { text: 'a' });
  decided.wait();
  const empty = pending(0);
  empty.wait();
  expect([decided.settled, empty.settled]).toEqual([[['a']], [[]]]);
  expect([decided.deadlines.next(), empty.deadlines.next()]).toEqual([undefined, undefined]);
});

test('at its deadline the rest is undecided', () => {
  const { outcomes, deadlines, settled, wait } = pending(2);
  wait();
  outcomes.decide(0, { text: 'a' });
  deadlines.expire(monotonicMs(1_099));
  expect(settled).toEqual([]);
  deadlines.expire(monotonicMs(1_100));
  expect(settled).toEqual([['a', undefined]]);
  outcomes.decide(1, { text: 'too late' });
  expect(settled).toHaveLength(1);
});

test('nobody is answered who is gone', () => {
  const { outcomes, deadlines, settled, wait, abandon } = pending(1);
  wait();
  abandon();
  expect(deadlines.next()).toBeUndefined();
  outcomes.decide(0, { text: 'a' });
  expect(settled).toEqual([]);
});
