import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = '/sys/fs/cgroup/memory';

/** A memory limit that the kernel keeps: who needs more is killed. */
export interface MemoryCap {
  /** Starts a program below it: for `runUnder`. */
  readonly runUnder: readonly string[];
  /** The most that was ever charged, page cache included. */
  readonly peakBytes: () => number;
  readonly remove: () => void;
}

/** Undefined where there is no cgroup v1 `memory` that we may write to. */
export const openMemoryCap = (bytes: number): MemoryCap | undefined => {
  const group = join(root, `shorelog-${process.pid}-${Date.now()}`);
  try {
    mkdirSync(group);
    writeFileSync(join(group, 'memory.limit_in_bytes'), `${bytes}`);
  } catch {
    return undefined;
  }
  const script = `echo $$ > ${group}/cgroup.procs && exec "$@"`;
  return {
    runUnder: ['/bin/sh', '-c', script, 'sh'],
    peakBytes: () => Number(readFileSync(join(group, 'memory.max_usage_in_bytes'), 'utf8')),
    remove: (): void => {
      try {
        rmdirSync(group);
      } catch {
        // Still in use for a moment: an empty group costs nothing.
      }
    },
  };
};
