import { expect, test } from 'vitest';
import { limits } from '../../../../src/base/limits.ts';
import { BatchCeiling } from '../../../../src/core/forward/batch-ceiling.ts';
import { RecordBatchBuilder } from '../../../../src/wire/kafka/record-batch-builder.ts';
import type { RecordBatchHeader } from '../../../../src/wire/kafka/record-batch-header.ts';
import { readRecordBatchHeader } from '../../../../src/wire/kafka/record-batch-header.ts';
import { noRecordHeaders } from '../../../../src/wire/kafka/record-headers.ts';
import { nodeCompression } from '../../../../cloud-sync/compression.ts';

function header(records: number, bytes: number, codec = 0): RecordBatchHeader {
  const builder = new RecordBatchBuilder();
  for (let i = 0; i < records; i++) {
    builder.append(0, undefined, new Uint8Array(bytes), noRecordHeaders);
  }
  const read = readRecordBatchHeader(builder.finish());
  if (!read.ok) throw new Error(read.error);
  return { ...read.value, codec };
}

const ceiling = (bytes = 1_000_000): BatchCeiling => new BatchCeiling(bytes, nodeCompression);

test('falls to half of the largest that was refused, and never rises', () => {
  const large = header(10, 1_000);
  const half = Math.floor(large.totalBytes / 2);
  const made = ceiling();
  expect(made.refused([header(2, 10), large, header(1, 100)])).toBe(true);
  expect(made.bytes).toBe(half);
  expect(made.refused([header(10, 2_000)])).toBe(false);
  expect(made.bytes).toBe(half);
});

test.each([
  ['a single record', header(1, 10_000)],
  ['a codec that is not opened here', header(10, 1_000, 2)],
])('smaller batches are no way out for %s', (_, largest) => {
  const made = ceiling();
  expect(made.refused([header(10, 10), largest])).toBe(false);
  expect(made.bytes).toBe(1_000_000);
});

test('ends at the smallest that is worth its header', () => {
  const made = ceiling(limits.forwardBatchBytesMin + 1);
  expect(made.refused([header(2, 10)])).toBe(true);
  expect(made.bytes).toBe(limits.forwardBatchBytesMin);
  expect(made.refused([header(2, 10)])).toBe(false);
  expect(made.refused([])).toBe(false);
});
