import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { CountReporter } from './reporters/count-reporter.ts';
import { LongFilesFirst } from './support/long-files-first.ts';

/** `npm test`: many small files side by side first, then the few that start processes. */
const quick = {
  extends: true as const,
  test: {
    name: 'unit',
    include: [
      'test/{unit,contracts,scenarios,fuzz,conformance,tidy}/**/*.test.ts',
      'test/*.test.ts',
    ],
    exclude: ['**/*.ci.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    // Nothing of ours keeps state in a module, so files of one worker can share what is loaded: a
    // process and its imports for each file would cost as much CPU as all their tests do. So no
    // `vi.mock` here: it would last for the files that come after. Spies are restored, see below.
    isolate: false,
    sequence: { groupOrder: 0 },
  },
};

/**
 * Each of these runs the built binary, some of them a Kafka: two files at a time wait less, more
 * would starve each other.
 */
const integration = {
  extends: true as const,
  test: {
    name: 'integration',
    include: ['test/integration/**/*.test.ts'],
    globalSetup: ['test/integration/harness/kafka-global-setup.ts'],
    exclude: ['**/*.ci.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    sequence: { groupOrder: 1 },
  },
};

const simulated = 'test/{unit,scenarios,sim,fuzz}/**/*.ci.test.ts';

/** Too long for every run: `npm run test:ci`. These need a processor, and no real node. */
const worlds = {
  extends: true as const,
  test: {
    name: 'ci-worlds',
    include: [simulated],
    testTimeout: 1_200_000,
    hookTimeout: 120_000,
    maxWorkers: 1,
    sequence: { groupOrder: 2 },
  },
};

/** And these run nodes, and a Kafka. */
const ci = {
  extends: true as const,
  test: {
    name: 'ci',
    include: ['test/**/*.ci.test.ts'],
    exclude: [simulated],
    globalSetup: ['test/integration/harness/kafka-global-setup.ts'],
    testTimeout: 1_200_000,
    hookTimeout: 120_000,
    maxWorkers: 1,
    sequence: { groupOrder: 3 },
  },
};

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    reporters: [process.env['CI'] === undefined ? 'default' : 'verbose', new CountReporter()],
    sequence: { sequencer: LongFilesFirst },
    // Before each test, so that one that fails leaves no spy to those that come after it.
    restoreMocks: true,
    projects: process.env['SHORELOG_CI'] === '1' ? [worlds, ci] : [quick, integration],
  },
});
