import { readFileSync, readdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What a file may keep of the bytes that were written and never synced. */
export type UnsyncedBytes = 'all' | 'some' | 'none';

/**
 * A SIGKILL leaves the page cache as it is, so it alone cannot see an acknowledgement that came
 * before its fsync. This learns from the node what it synced, and takes from its files what a power
 * cut would take: bytes written later may be gone, whole or in part.
 */
export class PowerCut {
  /** For the node's environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Bytes taken so far. */
  bytesCut = 0;
  readonly #dataDir: string;
  readonly #traceFile: string;

  constructor(dataDir: string, traceFile: string) {
    this.#dataDir = dataDir;
    this.#traceFile = traceFile;
    const preload = fileURLToPath(new URL('sync-trace.mjs', import.meta.url));
    this.env = { NODE_OPTIONS: `--import=${preload}`, SHORELOG_TEST_SYNC_TRACE: traceFile };
  }

  /** With the node dead. `random` gives numbers in 0..1. */
  cut(unsynced: UnsyncedBytes, random: () => number): void {
    if (unsynced === 'all') return;
    const synced = this.#synced();
    for (const path of filesBelow(this.#dataDir).filter(isSyncedByNode)) {
      const { ino, size } = statSync(path);
      const durable = synced.get(ino);
      if (durable === undefined || durable >= size) continue;
      const kept = unsynced === 'none' ? 0 : Math.floor(random() * (size - durable));
      truncateSync(path, durable + kept);
      this.bytesCut += size - durable - kept;
    }
  }

  /** inode -> bytes at its last sync. An unknown inode was never synced by the node: left alone. */
  #synced(): ReadonlyMap<number, number> {
    const lines = readFileSync(this.#traceFile, 'utf8').split('\n');
    // The kill may have torn the last line.
    lines.pop();
    return new Map(
      lines.map((line) => {
        const [inode = 0, bytes = 0] = line.split(' ').map(Number);
        return [inode, bytes];
      }),
    );
  }
}

/** LevelDB syncs its files itself, unseen, and may reuse the inode of one of ours. */
const isSyncedByNode = (path: string): boolean => !/\/(?:state|lock)\/[^/]+$/.test(path);

const filesBelow = (dir: string): string[] =>
  readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
