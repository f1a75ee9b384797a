import { readFileSync, realpathSync, statfsSync } from 'node:fs';
import { sep } from 'node:path';

export interface FileSystem {
  /** As mounted, for example `ext4`; the magic number in hex where there is no /proc. */
  readonly type: string;
  /** Memory that pretends to be a disk: an fsync there proves and costs nothing. */
  readonly isMemory: boolean;
}

const memoryMagics: ReadonlySet<number> = new Set([0x01021994, 0x858458f6]);

/** The file system that holds an existing path. */
export const fileSystemOf = (path: string): FileSystem => {
  const magic = statfsSync(path).type;
  return {
    type: mountedType(realpathSync(path)) ?? `0x${magic.toString(16)}`,
    isMemory: memoryMagics.has(magic),
  };
};

/** The type of the longest mount point above `path`, the last one mounted if several share it. */
const mountedType = (path: string): string | undefined => {
  let best: { readonly point: string; readonly type: string } | undefined;
  for (const line of mountLines()) {
    const [, point = '', type = ''] = line.split(' ');
    const holds = path === point || path.startsWith(point.endsWith(sep) ? point : point + sep);
    if (holds && point.length >= (best?.point.length ?? 0)) best = { point, type };
  }
  return best?.type;
};

const mountLines = (): string[] => {
  try {
    return readFileSync('/proc/self/mounts', 'utf8').trimEnd().split('\n');
  } catch {
    return [];
  }
};
