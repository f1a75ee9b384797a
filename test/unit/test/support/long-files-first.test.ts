import { existsSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { BaseSequencer } from 'vitest/node';
import type { TestSpecification, Vitest } from 'vitest/node';
import { LongFilesFirst, longFiles } from '../../../support/long-files-first.ts';

const specification = (moduleId: string): TestSpecification => ({ moduleId }) as TestSpecification;

test('begins with the files that run for long, and leaves the others as they were', async () => {
  const files = ['/a/cli.test.ts', '/a/exactly-once.test.ts', '/a/kill.test.ts'];
  vi.spyOn(BaseSequencer.prototype, 'sort').mockImplementation(async (all) => all);
  const sorted = await new LongFilesFirst({} as Vitest).sort(files.map(specification));
  expect(sorted.map(({ moduleId }) => moduleId)).toEqual([files[1], files[0], files[2]]);
});

test('names files that there are', () => {
  for (const file of longFiles) expect(existsSync(`test/integration/${file}`), file).toBe(true);
});
