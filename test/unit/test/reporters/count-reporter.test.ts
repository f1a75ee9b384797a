import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { SerializedError, TestCase, TestModule } from 'vitest/node';
import { CountReporter } from '../../../reporters/count-reporter.ts';

type Module = Pick<TestModule, 'state' | 'children'>;

/** A file with tests in the given states. */
function fakeModule(state: 'passed' | 'failed', ...results: { state: string; note?: string }[]) {
  const tests = results.map(
    (result, index) => ({ fullName: `test ${index}`, result: () => result }) as unknown as TestCase,
  );
  const children = { allTests: () => tests.values() } as unknown as TestModule['children'];
  return { state: () => state, children } satisfies Module;
}

function printed(modules: readonly Module[], errors: readonly SerializedError[] = []): string {
  let text = '';
  new CountReporter((part) => (text += part), null).onTestRunEnd(modules, errors);
  return text;
}

test('counts every state and names what was skipped', () => {
  const passed = { state: 'passed' };
  const skipped = { state: 'skipped', note: 'not installed: kcat' };
  const unfinished = { state: 'pending' };
  expect(
    printed([fakeModule('passed', passed, skipped), fakeModule('failed', passed, unfinished)]),
  ).toBe('SKIPPED test 1: not installed: kcat\n\n2 passed, 1 failed, 1 skipped\n');
});

test('a file that does not load and an error outside any test are failures', () => {
  const error = { message: 'boom' } as SerializedError;
  expect(printed([fakeModule('failed')], [error])).toBe('\n0 passed, 2 failed, 0 skipped\n');
});

test('appends the counts to the file for .ci/run', () => {
  const dir = mkdtempSync(join(tmpdir(), 'shorelog-counts-'));
  try {
    const path = join(dir, 'counts');
    const reporter = new CountReporter(() => {}, path);
    reporter.onTestRunEnd([fakeModule('passed', { state: 'passed' })], []);
    reporter.onTestRunEnd([], []);
    expect(readFileSync(path, 'utf8')).toBe(
      '{"passed":1,"failed":0,"skipped":0}\n{"passed":0,"failed":0,"skipped":0}\n',
    );
  } finally {
    rmSync(dir, { recursive: true });
  }
});
