import { describe, expect, it } from 'vitest';
import { limits } from '../../../../src/base/limits.ts';
import { DiskWaves } from '../../../../src/core/produce/disk-waves.ts';

const min = limits.secondWaveBytesMin;

describe('DiskWaves', () => {
  it('lets anything go while nothing is out', () => {
    expect(new DiskWaves().mustGather(1)).toBe(false);
  });

  it('sends a second wave after a small one only when it is worth its fsyncs', () => {
    const waves = new DiskWaves();
    waves.joined(1);
    waves.turnEnded();
    expect(waves.mustGather(min - 1)).toBe(true);
    expect(waves.mustGather(min)).toBe(false);
    expect(waves.mustGather(min + 1)).toBe(false);
  });

  it('sends a second wave after a large one when it is half as large', () => {
    const waves = new DiskWaves();
    waves.joined(2 * min);
    waves.joined(2 * min);
    waves.turnEnded();
    expect(waves.mustGather(2 * min - 1)).toBe(true);
    expect(waves.mustGather(2 * min)).toBe(false);
  });

  it('sends no third one, however much there is', () => {
    const waves = new DiskWaves();
    for (let wave = 0; wave < 2; wave++) {
      waves.joined(1);
      waves.turnEnded();
    }
    expect(waves.mustGather(100 * min)).toBe(true);
  });

  it('is over with a wave when all of its batches are settled', () => {
    const waves = new DiskWaves();
    const settled = [waves.joined(1), waves.joined(1)];
    waves.turnEnded();
    settled[0]?.();
    expect(waves.mustGather(1)).toBe(true);
    settled[1]?.();
    expect(waves.mustGather(1)).toBe(false);
  });

  it('forgets a batch that was settled before its turn ended', () => {
    const waves = new DiskWaves();
    waves.joined(1)();
    waves.turnEnded();
    expect(waves.mustGather(1)).toBe(false);
  });
});
