import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { scanBatches } from '../../src/wire/kafka/batch-scan.ts';

/** What a data directory is made of, for the table. */
export function kindOf(path: string, newest: ReadonlySet<string>): string {
  const [top = '', folder = '', name = ''] = path.split('/');
  if (top === 'state' || top === 'lock') return `${top}/`;
  if (top === 'set-aside') return 'set-aside/';
  if (top !== 'logs') return top.startsWith('meta') ? 'meta.json, copy' : top;
  const owner = folder.startsWith('__') ? folder.replace(/-\d+$/, '') : 'topic';
  if (name.endsWith('.log')) return `${owner} .log ${newest.has(path) ? 'active' : 'sealed'}`;
  if (name.startsWith('partition.')) return 'partition.metadata, copy';
  return name.replace(/^\d+/, '');
}

/** Files with a byte to flip, as paths below the directory. */
export function filesOf(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((path) => statSync(join(dir, path)).isFile() && statSync(join(dir, path)).size > 0)
    .sort((a, b) => (a < b ? -1 : 1));
}

/** The `.log` that each folder was writing. */
export function newestSegments(files: readonly string[]): ReadonlySet<string> {
  const newest = new Map<string, string>();
  for (const path of files) {
    const match = /^(logs\/[^/]+)\/\d+\.log$/.exec(path);
    if (match?.[1] !== undefined) newest.set(match[1], path);
  }
  return new Set(newest.values());
}

/** Every stored batch by its base offset, for each folder: what may be served, and nothing else. */
export type Truth = ReadonlyMap<string, ReadonlyMap<number, Uint8Array>>;

/** Reads the truth off the files of a directory that nothing has happened to. */
export function truthOf(dir: string): Truth {
  const truth = new Map<string, Map<number, Uint8Array>>();
  for (const path of filesOf(dir)) {
    const match = /^logs\/([^/]+)\/\d+\.log$/.exec(path);
    const folder = match?.[1];
    if (folder === undefined) continue;
    const bytes = readFileSync(join(dir, path));
    const { headers, fault } = scanBatches(bytes);
    if (fault !== undefined) throw new Error(`${path}: ${fault}`);
    const batches = truth.get(folder) ?? new Map<number, Uint8Array>();
    for (const { baseOffset, position, totalBytes } of headers) {
      batches.set(baseOffset, bytes.subarray(position, position + totalBytes));
    }
    truth.set(folder, batches);
  }
  return truth;
}
