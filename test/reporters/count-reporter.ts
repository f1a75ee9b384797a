import { appendFileSync } from 'node:fs';
import type { Reporter, SerializedError, TestCase, TestModule } from 'vitest/node';

/**
 * What a run came to. A file that cannot be loaded and an error outside any test count as failed.
 */
export interface TestCounts {
  passed: number;
  failed: number;
  skipped: number;
}

/**
 * Ends a run with every skipped test and its reason, then the line `N passed, N failed, N skipped`.
 * The counts are also appended as a JSON line to the file that SHORELOG_COUNTS names, so that
 * `.ci/run` can add up several runs.
 */
export class CountReporter implements Reporter {
  readonly #print: (text: string) => void;
  readonly #countsFile: string | null;

  constructor(
    print: (text: string) => void = (text) => void process.stdout.write(text),
    countsFile: string | null = process.env['SHORELOG_COUNTS'] ?? null,
  ) {
    this.#print = print;
    this.#countsFile = countsFile;
  }

  onTestRunEnd(
    testModules: readonly Pick<TestModule, 'state' | 'children'>[],
    unhandledErrors: readonly SerializedError[],
  ): void {
    const counts: TestCounts = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const testModule of testModules) {
      const failedBefore = counts.failed;
      for (const testCase of testModule.children.allTests()) this.#count(counts, testCase);
      // It failed outside its tests: while loading, or in a hook.
      if (testModule.state() === 'failed' && counts.failed === failedBefore) counts.failed++;
    }
    this.#print(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`);
    if (this.#countsFile !== null) {
      appendFileSync(this.#countsFile, `${JSON.stringify(counts)}\n`);
    }
  }

  #count(counts: TestCounts, testCase: TestCase): void {
    const result = testCase.result();
    if (result.state === 'passed') {
      counts.passed++;
    } else if (result.state === 'skipped') {
      counts.skipped++;
      this.#print(`SKIPPED ${testCase.fullName}: ${result.note ?? 'no reason given'}\n`);
    } else {
      // Failed, or never finished.
      counts.failed++;
    }
  }
}
