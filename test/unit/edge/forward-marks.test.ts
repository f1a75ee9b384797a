import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ForwardMarks } from '../../../edge/forward-marks.ts';
import { offset, uuid } from '../../../src/base/brand.ts';
import type { ForwardMark } from '../../../src/core/forward/supervision.ts';
import { DiskError } from '../../../src/ports/disk.ts';

const markAt = (at: number): ForwardMark => ({
  topicId: uuid('0b5c1f5e-6a1b-4c7d-8e9f-102030405060'),
  partition: 0,
  centralClusterId: 'central',
  forwardOffset: offset(at),
});

function newMarks() {
  const written: string[] = [];
  const failed: unknown[] = [];
  const errors: DiskError[] = [];
  const persistEntry = async (key: string, json: string | undefined): Promise<void> => {
    const error = errors.shift();
    if (error !== undefined) throw error;
    const { forwardMarks, forwardAttempts } = ForwardMarks.restore([{ key, json: json ?? '' }]);
    written.push(`${key} ${[...forwardMarks, ...forwardAttempts][0]?.forwardOffset}`);
  };
  const marks = new ForwardMarks({ persistEntry }, (error) => failed.push(error));
  return { marks, written, failed, errors };
}

const key = 'forward/0b5c1f5e-6a1b-4c7d-8e9f-102030405060/0';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('writes the first mark at once and the newest of the next a second later', async () => {
  const { marks, written } = newMarks();
  marks.note(markAt(1));
  await vi.advanceTimersByTimeAsync(0);
  expect(written).toEqual([`${key} 1`]);
  marks.note(markAt(2));
  marks.note(markAt(3));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(written).toEqual([`${key} 1`, `${key} 3`]);
});

it('never writes a mark over the newer one that an attempt took along', async () => {
  const written: string[] = [];
  const waiting: (() => void)[] = [];
  const persistEntry = (name: string, json: string | undefined): Promise<void> => {
    const place = String(json).match(/"forwardOffset":(\d+)/)?.[1];
    written.push(`${name.split('/')[0]} ${name.at(-1)} at ${place}`);
    return new Promise((resolve) => void waiting.push(resolve));
  };
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 5; i++) {
      for (const resolve of waiting.splice(0)) resolve();
      await vi.advanceTimersByTimeAsync(0);
    }
  };
  const marks = new ForwardMarks({ persistEntry }, () => undefined);
  const mark = (partition: number, at: number) => ({ ...markAt(at), partition });
  for (const partition of [1, 0]) marks.note(mark(partition, 1));
  await settle();
  for (const partition of [1, 0]) marks.note(mark(partition, 2));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(written.at(-1)).toBe('forward 1 at 2');
  marks.note(mark(0, 3));
  const stored = marks.attempted(mark(0, 4), mark(0, 3))();
  await settle();
  await stored;
  expect(written.filter((one) => one.startsWith('forward 0')).at(-1)).toBe('forward 0 at 3');
});

it('lets go an attempt that found no room once a newer one was asked for', async () => {
  const { marks, written, errors } = newMarks();
  errors.push(new DiskError('ENOSPC', 'write', 'journal'));
  const older = marks.attempted(markAt(4), undefined);
  await expect(older()).rejects.toThrow('ENOSPC');
  const newer = marks.attempted(markAt(5), undefined);
  expect(await newer()).toBe(true);
  expect(await older()).toBe(false);
  expect(written).toEqual([`${key.replace('forward/', 'forward-attempt/')} 5`]);
});

it('stores at a clean stop the transactions whose outcome nobody knows', async () => {
  const { marks, written } = newMarks();
  marks.noteAttempt(markAt(2));
  marks.note(markAt(2));
  marks.noteAttempt(markAt(3));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(written).toEqual([`${key} 2`]);
  await marks.stop();
  expect(written).toEqual([`${key} 2`, `${key.replace('forward/', 'forward-attempt/')} 3`]);
});

it('keeps a mark that found no room, and tries again (L8)', async () => {
  const { marks, written, failed, errors } = newMarks();
  errors.push(new DiskError('ENOSPC', 'write', 'journal'));
  errors.push(new DiskError('ENOSPC', 'write', 'journal'));
  marks.note(markAt(1));
  await vi.advanceTimersByTimeAsync(1_500);
  expect(written).toEqual([]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(written).toEqual([`${key} 1`]);
  expect(failed).toEqual([]);
});

it('tells of any other failure, a full fsync too', async () => {
  const { marks, failed, errors } = newMarks();
  errors.push(new DiskError('ENOSPC', 'sync', 'journal'));
  marks.note(markAt(1));
  await vi.advanceTimersByTimeAsync(5_000);
  expect(failed).toHaveLength(1);
});

it('writes a mark that goes back at once: an operator decided so', async () => {
  const { marks, written } = newMarks();
  marks.note(markAt(9));
  await vi.advanceTimersByTimeAsync(0);
  marks.note(markAt(4));
  await vi.advanceTimersByTimeAsync(0);
  expect(written).toEqual([`${key} 9`, `${key} 4`]);
});

it('takes what is no mark for none', () => {
  for (const json of ['', '{', 'null', '7', '{}', '{"topicId":"x"}', '[]']) {
    expect(ForwardMarks.restore([{ key, json }]).forwardMarks).toEqual([]);
  }
  const kept = ForwardMarks.restore([{ key, json: JSON.stringify(markAt(3)) }]);
  expect(kept.forwardMarks).toEqual([markAt(3)]);
});
