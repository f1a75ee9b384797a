import { expect, test } from 'vitest';
import { offset } from '../../../src/base/brand.ts';
import { concatBytes } from '../../../src/base/bytes.ts';
import { countRecords } from '../../../src/log/record-count.ts';
import { buildLeaderChangeBatch } from '../../../src/wire/kafka/control-record.ts';
import { RecordBatchBuilder } from '../../../src/wire/kafka/record-batch-builder.ts';
import { stampBatch } from '../../../src/wire/kafka/record-batch-header.ts';
import { leaderEpoch } from '../../../src/base/brand.ts';

const value = new Uint8Array(3);

function batchAt(at: number, records: number): Uint8Array {
  const builder = new RecordBatchBuilder();
  for (let i = 0; i < records; i++) builder.append(1, undefined, value, new Uint8Array(1));
  const bytes = builder.finish();
  stampBatch(bytes, 0, offset(at), leaderEpoch(1));
  return bytes;
}

/** Offset 0 is a LeaderChange, 1 to 4 and 10 to 12 are records. Rot between: it counts. */
const batches = [
  {
    last: 0,
    bytes: buildLeaderChangeBatch(
      { leaderId: 1, voters: [1], grantingVoters: [1] },
      { baseOffset: 0, leaderEpoch: 1, timestamp: 1 },
    ),
  },
  { last: 4, bytes: batchAt(1, 4) },
  { last: 12, bytes: batchAt(10, 3) },
];

const read = async ({ from, to }: { from: number; to: number }): Promise<Uint8Array> =>
  concatBytes(batches.filter(({ last }) => last >= from && last < to).map(({ bytes }) => bytes));

test.each([
  { from: 0, to: 13, records: 12 },
  { from: 0, to: 1, records: 0 },
  { from: 3, to: 5, records: 2 },
  { from: 5, to: 13, records: 8 },
  { from: 8, to: 13, records: 5 },
  { from: 3, to: 8, records: 5 },
  { from: 13, to: 13, records: 0 },
])('from $from to $to there are $records records', async ({ from, to, records }) => {
  expect(await countRecords(read, offset(from), offset(to))).toBe(records);
});

test('where nothing can be read every offset counts', async () => {
  expect(await countRecords(async () => undefined, offset(0), offset(9))).toBe(9);
});
