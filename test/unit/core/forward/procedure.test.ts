import { expect, test } from 'vitest';
import type { Procedure, Wait } from '../../../../src/core/forward/procedure.ts';
import { Runner, together, wait } from '../../../../src/core/forward/procedure.ts';

test('a procedure goes on when its wait is over, and not before', () => {
  const seen: string[] = [];
  const resumes: ((value: string) => void)[] = [];
  const ask: Wait<string> = (resume) => void resumes.push(resume);
  const runner = new Runner();
  runner.start(
    (function* (): Procedure<void> {
      seen.push(yield* wait(ask));
      seen.push(yield* wait(ask));
    })(),
  );
  expect(seen).toEqual([]);
  resumes[0]?.('a');
  expect(seen).toEqual(['a']);
  resumes[1]?.('b');
  expect(seen).toEqual(['a', 'b']);
  expect(runner.running).toBe(false);
});

test('waits that are over at once do not deepen the stack', () => {
  const now: Wait<number> = (resume) => resume(1);
  let sum = 0;
  const runner = new Runner();
  runner.start(
    (function* (): Procedure<void> {
      for (let i = 0; i < 50_000; i++) sum += yield* wait(now);
    })(),
  );
  expect(sum).toBe(50_000);
});

test('a replaced procedure is never resumed', () => {
  const seen: string[] = [];
  const resumes: ((value: string) => void)[] = [];
  const ask: Wait<string> = (resume) => void resumes.push(resume);
  const say = function* (name: string): Procedure<void> {
    seen.push(`${name} ${yield* wait(ask)}`);
  };
  const runner = new Runner();
  runner.start(say('old'));
  runner.start(say('new'));
  resumes[0]?.('late');
  resumes[1]?.('timely');
  expect(seen).toEqual(['new timely']);
});

test('several waits are over when the last one is, in their own order', () => {
  const resumes: ((value: number) => void)[] = [];
  const ask: Wait<number> = (resume) => void resumes.push(resume);
  let values: readonly number[] | undefined;
  together([ask, ask, ask])((all) => (values = all));
  resumes[2]?.(3);
  resumes[0]?.(1);
  expect(values).toBeUndefined();
  resumes[1]?.(2);
  expect(values).toEqual([1, 2, 3]);
});
