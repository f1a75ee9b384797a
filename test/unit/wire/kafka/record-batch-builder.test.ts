import { expect, test } from 'vitest';
import { RecordBatchBuilder } from '../../../../src/wire/kafka/record-batch-builder.ts';
import { noRecordHeaders } from '../../../../src/wire/kafka/record-headers.ts';

const build = (builder: RecordBatchBuilder, records: number): Uint8Array => {
  for (let index = 0; index < records; index++) {
    builder.append(index, undefined, new Uint8Array(100).fill(index), noRecordHeaders);
  }
  return builder.finish({ producerId: 1n, producerEpoch: 0, baseSequence: 0 });
};

test('batches of one builder, large and small in turn, are as those of a fresh one, and stay so', () => {
  const builder = new RecordBatchBuilder(1_024);
  const sizes = [1, 500, 600, 2, 1, 90, 500, 1, 1];
  const batches = sizes.map((records) => build(builder, records));
  for (const [index, records] of sizes.entries()) {
    expect(batches[index]).toEqual(build(new RecordBatchBuilder(), records));
  }
});
