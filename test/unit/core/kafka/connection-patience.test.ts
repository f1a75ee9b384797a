import { describe, expect, it } from 'vitest';
import { monotonicMs } from '../../../../src/base/brand.ts';
import { limits } from '../../../../src/base/limits.ts';
import { ConnectionPatience } from '../../../../src/core/kafka/connection-patience.ts';

const at = monotonicMs;
const { kafkaFirstRequestMs, kafkaIdleMs, partArrivalMs, partArrivalBytesMin } = limits;

describe('ConnectionPatience', () => {
  it('ends at the first request that does not come, and not before', () => {
    const patience = new ConnectionPatience(at(5));
    expect(patience.overdue(false, at(5 + kafkaFirstRequestMs))).toBeUndefined();
    expect(patience.overdue(false, at(6 + kafkaFirstRequestMs))).toBe('no request');
  });

  it('ends after long idleness, but not while something is in progress', () => {
    const patience = new ConnectionPatience(at(0));
    patience.requestArrived(at(10));
    expect(patience.overdue(false, at(10 + kafkaIdleMs))).toBeUndefined();
    expect(patience.overdue(true, at(11 + kafkaIdleMs))).toBeUndefined();
    expect(patience.overdue(false, at(11 + kafkaIdleMs))).toBe('idle');
    patience.answerTaken(at(11 + kafkaIdleMs));
    expect(patience.overdue(false, at(11 + kafkaIdleMs))).toBeUndefined();
  });

  it('ends at a request that brings a byte now and then, not at a slow link', () => {
    const patience = new ConnectionPatience(at(0));
    patience.requestArrived(at(0));
    patience.partArrived(100, at(0));
    patience.partArrived(100 + partArrivalBytesMin, at(1));
    expect(patience.overdue(true, at(partArrivalMs + 1))).toBeUndefined();
    patience.partArrived(99 + 2 * partArrivalBytesMin, at(partArrivalMs + 2));
    expect(patience.overdue(true, at(2 * partArrivalMs + 1))).toBeUndefined();
    expect(patience.overdue(true, at(2 * partArrivalMs + 2))).toBe('a request that does not end');
    patience.requestArrived(at(2 * partArrivalMs + 3));
    expect(patience.overdue(true, at(9 * partArrivalMs))).toBeUndefined();
  });

  it('does not count a pause of ours', () => {
    const patience = new ConnectionPatience(at(0));
    patience.requestArrived(at(0));
    patience.partArrived(1, at(0));
    patience.paused(true, at(1));
    expect(patience.overdue(false, at(10 * kafkaIdleMs))).toBeUndefined();
    patience.paused(false, at(10 * kafkaIdleMs));
    expect(patience.overdue(false, at(10 * kafkaIdleMs + partArrivalMs))).toBeUndefined();
    expect(patience.overdue(false, at(10 * kafkaIdleMs + partArrivalMs + 1))).toBeDefined();
  });
});
