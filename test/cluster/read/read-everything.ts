import { readWithKcat } from '../../../edge/cli/demo/kcat-reader.ts';
import { readAllWithKafkaPython } from '../../integration/harness/kafka-python.ts';
import { identityOf } from '../history/identity.ts';
import type { ReaderHistory } from '../history/reader-history.ts';

export interface EverythingOptions {
  /** One node: it has to tell who leads. */
  readonly bootstrap: string;
  readonly topic: string;
  readonly history: ReaderHistory;
  readonly msMax: number;
}

/** Reads a topic from beginning to end with kcat. */
export const readEverythingWithKcat = (options: EverythingOptions): Promise<void> => {
  const { bootstrap, topic, history, msMax } = options;
  return readWithKcat({ bootstrap, topic, msMax }, ({ partition, offset, value }) =>
    history.read(partition, offset, identityOf((value ?? '').toString())),
  );
};

/** With kafka-python, another client of another family. */
export const readEverythingWithKafkaPython = async (options: EverythingOptions): Promise<void> => {
  const { bootstrap, topic, history, msMax } = options;
  for (const { partition, offset, value } of await readAllWithKafkaPython({
    ...{ bootstrap, topic, msMax },
  })) {
    history.read(partition, offset, identityOf((value ?? '').toString()));
  }
};
