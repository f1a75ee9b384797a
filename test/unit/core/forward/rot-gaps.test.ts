import { expect, it } from 'vitest';
import { offset } from '../../../../src/base/brand.ts';
import { rotGaps } from '../../../../src/core/forward/rot-gaps.ts';
import { scanBatches } from '../../../../src/wire/kafka/batch-scan.ts';
import { concatBytes } from '../../../../src/base/bytes.ts';
import { makeBatch } from '../../log/log-fixture.ts';

/** Batches of two records at these base offsets, as a node would answer with them. */
const headersAt = (...bases: number[]) =>
  scanBatches(concatBytes(bases.map((base) => makeBatch({ base, records: 2 })))).headers;

const gapsOf = (bases: number[], from: number, to: number): number[][] =>
  rotGaps(headersAt(...bases), offset(from), offset(to)).map((gap) => [gap.from, gap.to]);

it('names every jump, the one in front too', () => {
  expect(gapsOf([10, 12, 20, 22], 4, 24)).toEqual([
    [4, 10],
    [14, 20],
  ]);
});

it('names none where batches follow each other, or begin before the offset', () => {
  expect(gapsOf([10, 12], 10, 14)).toEqual([]);
  expect(gapsOf([10, 12], 11, 14)).toEqual([]);
});

it('leaves to the next transaction what this one does not reach', () => {
  expect(gapsOf([10, 20], 10, 12)).toEqual([]);
  expect(gapsOf([10, 20], 10, 22)).toEqual([[12, 20]]);
});
