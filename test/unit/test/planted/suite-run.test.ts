import { expect, test } from 'vitest';
import { outcomeOf } from '../../../planted/suite-run.ts';

const file = (
  status: 'passed' | 'failed',
  tests: readonly { fullName: string; status: string; failureMessages: string[] }[],
) => ({ name: '/copy/test/a.test.ts', status, message: 'why', assertionResults: tests });
const green = { fullName: 'is green', status: 'passed', failureMessages: [] };
const red = { fullName: 'is red', status: 'failed', failureMessages: ['expected 1, got 2'] };

test('a failed test is red, by its name', () => {
  const report = { numPassedTests: 1, testResults: [file('failed', [green, red])] };
  const found = { file: 'test/a.test.ts', name: 'is red', message: 'expected 1, got 2' };
  expect(outcomeOf(report, '/copy')).toEqual({ passed: 1, red: found, broken: undefined });
});

test('a file that fails without a failed test is broken, not red', () => {
  const report = { numPassedTests: 0, testResults: [file('failed', [])] };
  expect(outcomeOf(report, '/copy')).toEqual({
    ...{ passed: 0, red: undefined, broken: 'test/a.test.ts: why' },
  });
});
