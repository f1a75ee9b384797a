import type { TestProject } from 'vitest/node';
import { launchKafka } from '../../../edge/cli/demo/kafka-launcher.ts';
import { makeTempFolder, removeTempFolder } from './temp-folder.ts';

/** The Kafka that all test files of a run share, or why there is none. */
export type SharedKafka =
  | {
      readonly available: true;
      readonly bootstrap: string;
      readonly version: string;
      readonly logFolder: string;
    }
  | { readonly available: false; readonly reason: string };

declare module 'vitest' {
  interface ProvidedContext {
    sharedKafka: SharedKafka;
  }
}

/**
 * vitest's global setup: one broker for the run. With REQUIRE_KAFKA=1 its absence fails the run.
 */
export const setup = async (project: TestProject): Promise<() => Promise<void>> => {
  const folder = makeTempFolder('kafka');
  const launched = await launchKafka({ folder, onProgress: () => {} });
  if (!launched.ok) {
    const reason = `no Apache Kafka: ${launched.error.text}`;
    removeTempFolder(folder);
    if (process.env['REQUIRE_KAFKA'] === '1') throw new Error(reason);
    project.provide('sharedKafka', { available: false, reason });
    return async () => {};
  }
  const broker = launched.value;
  const { bootstrap, version, logFolder } = broker;
  project.provide('sharedKafka', { available: true, bootstrap, version, logFolder });
  return async () => {
    await broker.stop();
    removeTempFolder(folder);
  };
};
