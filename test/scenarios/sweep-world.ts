import type { LivedLife } from './life-world.ts';
import type { DiskCall } from '../fakes/fake-disk.ts';

/** Calls for which a file system may have no room. */
export const fittingCalls: ReadonlySet<DiskCall> = new Set<DiskCall>([
  ...(['open', 'write', 'sync', 'syncDir', 'rename', 'makeDir', 'truncate'] as const),
]);

/** Calls whose EIO condemns the data directory (L8). */
export const changingCalls: ReadonlySet<DiskCall> = new Set<DiskCall>([
  ...(['write', 'sync', 'syncDir', 'rename', 'makeDir', 'truncate', 'unlink'] as const),
]);

/**
 * Whether the life itself ends its process so soon after that call that nobody hears of a failure.
 */
export const isOwnCrash = ({ world }: LivedLife, call: number): boolean =>
  world.counts.crashedAt.some((at) => call <= at && call > at - 4);
