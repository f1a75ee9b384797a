import { offset, type LogId, type Offset } from '../base/brand.ts';
import type { SegmentInfo } from '../ports/recovered-log.ts';

/** One data log, as far as a full disk may take from it. */
export interface DroppableLog {
  readonly logId: LogId;
  /** Central has everything below it (L10). */
  readonly forwardedTo: Offset;
  /** The high watermark: nothing at or above it may go. */
  readonly committedTo: Offset;
  /** From the oldest on; the last one is active and stays. */
  readonly segments: readonly SegmentInfo[];
}

/**
 * To which offset each log gives up its oldest segments, so that `wantedBytes` become free or all
 * that may go is gone. Forwarded segments go first, over all logs; among equals the one whose
 * newest record is the oldest.
 */
export function chooseDrops(
  logs: readonly DroppableLog[],
  wantedBytes: number,
): ReadonlyMap<LogId, Offset> {
  const chosen = new Map<LogId, Offset>();
  const next = logs.map(() => 0);
  let freed = 0;
  for (const areForwarded of [true, false]) {
    while (freed < wantedBytes) {
      const best = oldestOf(logs, next, areForwarded);
      if (best === undefined) break;
      const log = logs[best] as DroppableLog;
      const at = next[best] as number;
      freed += log.segments[at]?.bytes ?? 0;
      next[best] = at + 1;
      chosen.set(log.logId, endOf(log, at));
    }
  }
  return chosen;
}

/** The log whose next segment goes first. */
function oldestOf(
  logs: readonly DroppableLog[],
  next: readonly number[],
  areForwarded: boolean,
): number | undefined {
  let best: number | undefined;
  let bestTimestamp = Infinity;
  logs.forEach((log, i) => {
    const at = next[i] as number;
    if (at >= log.segments.length - 1) return;
    const bound = areForwarded ? log.forwardedTo : log.committedTo;
    const segment = log.segments[at] as SegmentInfo;
    if (segment.endOffset > bound || segment.maxTimestamp >= bestTimestamp) return;
    [best, bestTimestamp] = [i, segment.maxTimestamp];
  });
  return best;
}

/** The next segment's base, so that no hole is left in front of it. */
function endOf({ segments, committedTo }: DroppableLog, at: number): Offset {
  const end = segments[at]?.endOffset ?? 0;
  const base = segments[at + 1]?.baseOffset ?? end;
  return offset(base <= committedTo ? base : end);
}
