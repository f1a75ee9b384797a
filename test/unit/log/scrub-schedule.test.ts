import { expect, it } from 'vitest';
import { offset } from '../../../src/base/brand.ts';
import { ScrubSchedule } from '../../../src/log/scrub-schedule.ts';

const place = (log: number, base: number) => ({ log, baseOffset: offset(base) });

it('goes through all segments in order, whatever comes and goes, and then round again', () => {
  const schedule = new ScrubSchedule(65_536, 0);
  const places = [place(1, 0), place(0, 20), place(0, 0)];
  expect(schedule.next(places, 0)).toEqual(place(0, 0));
  // Retention took what was to be next; a roll brought a new one.
  expect(schedule.next([place(1, 0), place(0, 40)], 0)).toEqual(place(0, 40));
  expect(schedule.next([place(1, 0), place(1, 9)], 0)).toEqual(place(1, 0));
  expect(schedule.next([place(1, 0)], 0)).toBeUndefined();
  expect(schedule.next(places, 0)).toEqual(place(0, 0));
  expect(new ScrubSchedule(65_536, 0).next([], 0)).toBeUndefined();
});

it('pauses so that no more than its rate is read', () => {
  const schedule = new ScrubSchedule(65_536, 0);
  expect(schedule.pauseMs(65_536)).toBe(1_000);
  expect(schedule.pauseMs(0)).toBe(0);
  expect(new ScrubSchedule(1, 0).pauseMs(3)).toBe(3_000);
});

it('waits at the start for a random time, and between rounds over little data for long', () => {
  const schedule = new ScrubSchedule(65_536, 5_000);
  expect(schedule.firstWaitMs(0)).toBe(0);
  expect(schedule.firstWaitMs(0.5)).toBe(30_000);
  schedule.next([], 10_000);
  const hours = schedule.restMs(10_000) / 3_600_000;
  expect(hours).toBeCloseTo(18.2, 1);
  expect(schedule.restMs(1e12)).toBe(1);
});
