import { join } from 'node:path';

import { expect, it } from 'vitest';

import { packageRoot } from '../../edge/cli/demo/package-root.ts';
import type { Figure } from '../bench/figure.ts';
import { runProgram } from './harness/run-program.ts';

const bench = async (...args: readonly string[]): Promise<Figure[]> => {
  const main = join(packageRoot(), 'test', 'bench', 'main.ts');
  const argv = ['--import', 'tsx', main, ...args];
  const { code, out, error } = await runProgram({
    ...{ command: process.execPath, args: argv, msMax: 60_000 },
  });
  expect(code, error).toBe(0);
  const lines = out.toString().trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Figure);
};

// Not for their figures, which this machine has no peace for: so that the benches go on working.
it('measures recovery of a log that it wrote through the product', async () => {
  const figures = await bench('recover', '--gib', '0.1', '--runs', '1');
  expect(figures.map(({ figure }) => figure)).toEqual(['recoverAfterKill', 'recoverAfterStop']);
  for (const { value, baselines, details } of figures) {
    expect(value).toBeGreaterThan(0);
    expect(baselines['emptyLog']).toBeGreaterThan(0);
    expect(details['logBytes']).toBeGreaterThan(0.1 * 2 ** 30);
    expect(details['segments']).toBeGreaterThanOrEqual(8);
  }
});
