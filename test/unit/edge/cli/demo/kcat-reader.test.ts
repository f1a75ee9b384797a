import { expect, test } from 'vitest';
import { KcatParser } from '../../../../../edge/cli/demo/kcat-reader.ts';
import type { ReadRecord } from '../../../../../edge/cli/demo/kcat-reader.ts';

const output = Buffer.concat([
  Buffer.from('0 41 3 5\nkeyval\nu\n'),
  Buffer.from('3 42 -1 0\n\n'),
  Buffer.from('1 7 0 -1\n\n'),
  Buffer.from('2 9 2 4\n'),
  Buffer.from([10, 0, 255, 10, 10, 32]),
  Buffer.from('\n'),
]);

test.each([1, 2, 5, 1_000])('reads records with any bytes, in pieces of %i', (size) => {
  const records: ReadRecord[] = [];
  const parser = new KcatParser((record) => records.push(record));
  for (let at = 0; at < output.length; at += size) parser.push(output.subarray(at, at + size));
  expect(parser.isAtBoundary).toBe(true);
  expect(records).toEqual([
    { partition: 0, offset: 41, key: Buffer.from('key'), value: Buffer.from('val\nu') },
    { partition: 3, offset: 42, key: undefined, value: Buffer.alloc(0) },
    { partition: 1, offset: 7, key: Buffer.alloc(0), value: undefined },
    { partition: 2, offset: 9, key: Buffer.from([10, 0]), value: Buffer.from([255, 10, 10, 32]) },
  ]);
});

test('knows that the output was cut', () => {
  const parser = new KcatParser(() => {});
  parser.push(output.subarray(0, 12));
  expect(parser.isAtBoundary).toBe(false);
});
