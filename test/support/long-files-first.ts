import { basename } from 'node:path';
import { BaseSequencer } from 'vitest/node';
import type { TestSpecification } from 'vitest/node';

/** Short files that run for long: they wait for brokers, time limits and rivals. */
export const longFiles: ReadonlySet<string> = new Set(['exactly-once.test.ts']);

/**
 * Begins with the files that take longest: one that begins last keeps the run from its end alone.
 * vitest knows durations from the run before only, and goes by the size of a file in a fresh clone.
 */
export class LongFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification): boolean => longFiles.has(basename(moduleId));
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}
