import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { scanBatches } from '../../src/wire/kafka/batch-scan.ts';
import type { Batches } from './judge.ts';

/** One node's files of one partition. */
export interface NodeCopy {
  readonly node: number;
  readonly batches: Batches;
  /** Offsets behind the last batch, and what of the files is no batch. */
  readonly end: number;
  readonly fault: string | undefined;
}

/** Reads what a node has on its disk of a partition, also while it runs. */
export function readCopy(node: number, dataDir: string, folder: string): NodeCopy {
  const batches = new Map<number, Uint8Array>();
  let end = 0;
  let fault: string | undefined;
  const dir = join(dataDir, 'logs', folder);
  const names = existsSync(dir) ? readdirSync(dir).filter((name) => /^\d+\.log$/.test(name)) : [];
  for (const name of names.sort()) {
    const bytes = readIfThere(join(dir, name));
    const scan = scanBatches(bytes);
    for (const { baseOffset, lastOffset, position, totalBytes } of scan.headers) {
      batches.set(baseOffset, bytes.subarray(position, position + totalBytes));
      end = lastOffset + 1;
    }
    if (scan.fault !== undefined) fault ??= `${name} at ${scan.end}: ${scan.fault}`;
  }
  return { node, batches, end, fault };
}

/** What of [from, to) is not the same, gapless and sound in all copies; empty: nothing. */
export function difference(copies: readonly NodeCopy[], from: number, to: number): string {
  const [first] = copies;
  if (first === undefined) return 'no copies';
  for (const { node, fault } of copies) if (fault !== undefined) return `node ${node}: ${fault}`;
  for (let at = from; at < to;) {
    const bytes = first.batches.get(at);
    if (bytes === undefined) return `node ${first.node} has no batch at ${at}`;
    for (const { node, batches } of copies) {
      const other = batches.get(at);
      if (other === undefined) return `node ${node} has no batch at ${at}`;
      if (Buffer.compare(bytes, other) !== 0) return `nodes ${first.node} and ${node} at ${at}`;
    }
    at = (scanBatches(bytes).headers[0]?.lastOffset ?? at) + 1;
  }
  return '';
}

function readIfThere(path: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(path));
  } catch {
    return new Uint8Array(0);
  }
}
