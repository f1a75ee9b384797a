import type { MonotonicMs } from '../base/brand.ts';
import type { Leadership } from './replica/leadership.ts';

/** A partition that may be led here. */
export interface MaybeLed {
  readonly isLeader: boolean;
  readonly replica: {
    readonly leadership: Pick<Leadership, 'hasHeirs'> | undefined;
    resign(now: MonotonicMs): void;
  };
}

/**
 * L8: the disk takes nothing for long. Whatever the other voters can lead without this one's vote,
 * which would have to be durable, is theirs.
 * @returns whether this node still leads something.
 */
export function leaveToHeirs(partitions: Iterable<MaybeLed>, now: MonotonicMs): boolean {
  let isLeading = false;
  for (const partition of partitions) {
    if (!partition.isLeader) continue;
    const { replica } = partition;
    if (replica.leadership?.hasHeirs(now) === true) replica.resign(now);
    isLeading ||= partition.isLeader;
  }
  return isLeading;
}
