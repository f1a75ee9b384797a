import { expect, it } from 'vitest';

import { outlookOf, roughly } from '../../../../../edge/cli/bench/gateway-outlook.ts';

const measured = {
  busyPerSecond: 20_000,
  ratePerSecond: 100,
  payloadBytes: 200,
  logBytesPerRecord: 400,
  deviceBytesPerPayloadByte: 25,
  budgetBytes: 34_560_000_000,
  enduranceTerabytes: 30,
};

it('says how long the disk and the card last', () => {
  // 8.64 million messages a day: 3.456 GB of log, 43.2 GB of writes.
  const outlook = outlookOf(measured);
  expect(outlook.loadShare).toBe(0.005);
  expect(outlook.daysOffline).toBe(10);
  expect(outlook.writtenBytesPerDay).toBe(43_200_000_000);
  expect(outlook.lifetimeYears).toBeCloseTo(30_000 / 43.2 / 365.25, 9);
});

it('says nothing of a card whose writes it could not see', () => {
  const outlook = outlookOf({ ...measured, deviceBytesPerPayloadByte: undefined });
  expect(outlook.writtenBytesPerDay).toBeUndefined();
  expect(outlook.lifetimeYears).toBeUndefined();
});

it.each([
  [0.01, 'an hour'],
  [1.5, '36 hours'],
  [2, '2 days'],
  [59, '59 days'],
  [61, '2 months'],
  [730, '24 months'],
  [731, '2 years'],
])('gives %d days no more digits than they deserve', (days, text) => {
  expect(roughly(days)).toBe(text);
});
