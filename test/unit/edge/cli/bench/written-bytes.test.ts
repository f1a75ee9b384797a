import { tmpdir } from 'node:os';

import { expect, it } from 'vitest';

import {
  deviceBytesWritten,
  majorOf,
  minorOf,
  residentBytes,
} from '../../../../../edge/cli/bench/written-bytes.ts';

it('takes device numbers apart', () => {
  expect([majorOf(0xfe00), minorOf(0xfe00)]).toEqual([254, 0]);
  expect([majorOf(0x103_02), minorOf(0x103_02)]).toEqual([259, 2]);
  expect([majorOf(0x0010_0801), minorOf(0x0010_0801)]).toEqual([8, 257]);
});

it('knows nothing of what is not there', () => {
  expect(deviceBytesWritten(`${tmpdir()}/not-there`)).toBeUndefined();
  expect(deviceBytesWritten('/proc')).toBeUndefined();
  expect(residentBytes(2 ** 30)).toBeUndefined();
});

it('weighs a process', () => {
  expect(residentBytes(process.pid)).toBeGreaterThan(10_000_000);
});
