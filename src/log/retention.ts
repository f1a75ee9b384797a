import type { Offset, TimestampMs } from '../base/brand.ts';

/** What may go, by the topic's config and by the forwarder (L10). */
export interface RetentionPolicy {
  /** Age of a segment's newest record; negative or infinite: for ever. */
  readonly retentionMs: number;
  /** Size that the log keeps at least; negative or infinite: all. */
  readonly retentionBytes: number;
  /** Nothing at or above this offset may go; undefined: nothing at all. */
  readonly deletableTo: Offset | undefined;
}

/** A sealed segment, as retention sees it. */
export interface RetainedSegment {
  readonly endOffset: Offset;
  /** Base offset of the segment behind it: above `endOffset` if a hole lies between. */
  readonly nextBaseOffset: Offset;
  readonly bytes: number;
  /** -1 without a record. */
  readonly maxTimestamp: TimestampMs;
}

/**
 * The log start offset to which whole sealed segments may go, from the oldest on, or undefined. A
 * clock that stands in the past makes nothing old.
 */
export function retentionCandidate(
  sealed: readonly RetainedSegment[],
  logBytes: number,
  policy: RetentionPolicy,
  nowMs: TimestampMs,
): Offset | undefined {
  const { deletableTo } = policy;
  let candidate: Offset | undefined;
  let left = logBytes;
  if (deletableTo === undefined) return undefined;
  for (const segment of sealed) {
    if (segment.endOffset > deletableTo) break;
    left -= segment.bytes;
    const isOld = isPast(nowMs - segment.maxTimestamp, policy.retentionMs);
    const isTooMuch = isLimit(policy.retentionBytes) && left >= policy.retentionBytes;
    // Control batches alone have no age: they go with the first old segment behind them.
    if (segment.maxTimestamp < 0 && !isTooMuch) continue;
    if (!isOld && !isTooMuch) break;
    const next = segment.nextBaseOffset;
    candidate = next <= deletableTo ? next : segment.endOffset;
  }
  return candidate;
}

const isLimit = (value: number): boolean => value >= 0 && Number.isFinite(value);
const isPast = (age: number, limit: number): boolean => isLimit(limit) && age > limit;
