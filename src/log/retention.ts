import type { Offset, TimestampMs } from '../base/brand.ts';
import { timestampMs } from '../base/brand.ts';
import { limits } from '../base/limits.ts';

/** What may go, by the topic's config and by the forwarder (L10). */
export interface RetentionPolicy {
  /** Age of a segment's newest record; negative or infinite: for ever. */
  readonly retentionMs: number;
  /** Size that the log keeps at least; negative or infinite: all. */
  readonly retentionBytes: number;
  /** Nothing at or above this offset may go; undefined: nothing at all. */
  readonly deletableTo: Offset | undefined;
  /**
   * Records of these offsets were written before the clock jumped forward, so they are no older
   * than the jump, whatever their timestamps say.
   */
  readonly beforeJump?: {
    readonly from: Offset;
    readonly to: Offset;
    readonly timestamp: TimestampMs;
  };
}

/** A segment, as retention sees it; the last one is still written to and never goes. */
export interface RetainedSegment {
  readonly baseOffset: Offset;
  readonly endOffset: Offset;
  /** Base offset of the segment behind it: above `endOffset` if a hole lies between. */
  readonly nextBaseOffset: Offset;
  readonly bytes: number;
  /** -1 without a record. */
  readonly maxTimestamp: TimestampMs;
}

/**
 * The log start offset to which whole sealed segments may go, from the oldest on, or undefined. A
 * timestamp that cannot be true, before any clock was set or in the future, says nothing: such a
 * segment is as old as the first one behind it whose timestamp can be, and where there is none it
 * has no age. So a clock that was wrong for a while deletes nothing, and one bad timestamp keeps
 * nothing for ever.
 */
export function retentionCandidate(
  segments: readonly RetainedSegment[],
  logBytes: number,
  policy: RetentionPolicy,
  nowMs: TimestampMs,
): Offset | undefined {
  const { deletableTo } = policy;
  let candidate: Offset | undefined;
  let left = logBytes;
  if (deletableTo === undefined) return undefined;
  const timestamps = credibleTimestamps(segments, policy, nowMs);
  for (const [index, segment] of segments.slice(0, -1).entries()) {
    if (segment.endOffset > deletableTo) break;
    left -= segment.bytes;
    const timestamp = timestamps[index];
    const isOld = timestamp !== undefined && isPast(nowMs - timestamp, policy.retentionMs);
    const isTooMuch = isLimit(policy.retentionBytes) && left >= policy.retentionBytes;
    // Control batches alone have no age: they go with the first old segment behind them.
    if (segment.maxTimestamp < 0 && !isTooMuch) continue;
    if (!isOld && !isTooMuch) break;
    const next = segment.nextBaseOffset;
    candidate = next <= deletableTo ? next : segment.endOffset;
  }
  return candidate;
}

/** When each segment was written at the latest, by what can be true. */
function credibleTimestamps(
  segments: readonly RetainedSegment[],
  { beforeJump }: RetentionPolicy,
  nowMs: TimestampMs,
): readonly (TimestampMs | undefined)[] {
  let behind: TimestampMs | undefined;
  return segments
    .toReversed()
    .map(({ maxTimestamp, baseOffset, endOffset }) => {
      const isCredible = maxTimestamp >= limits.clockSetMs && maxTimestamp <= nowMs;
      if (isCredible) behind = maxTimestamp;
      const isBeforeJump =
        beforeJump !== undefined && endOffset > beforeJump.from && baseOffset < beforeJump.to;
      if (!isBeforeJump || behind === undefined) return behind;
      return timestampMs(Math.max(behind, beforeJump.timestamp));
    })
    .toReversed();
}

const isLimit = (value: number): boolean => value >= 0 && Number.isFinite(value);
const isPast = (age: number, limit: number): boolean => isLimit(limit) && age > limit;

/** The segments of a log as retention sees them. */
export const retained = (
  segments: readonly Omit<RetainedSegment, 'nextBaseOffset'>[],
): readonly RetainedSegment[] =>
  segments.map(({ baseOffset, endOffset, bytes, maxTimestamp }, index) => {
    const nextBaseOffset = segments[index + 1]?.baseOffset ?? endOffset;
    return { baseOffset, endOffset, nextBaseOffset, bytes, maxTimestamp };
  });
