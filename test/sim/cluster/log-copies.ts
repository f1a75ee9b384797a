import type { LogId } from '../../../src/base/brand.ts';
import type { Effect } from '../../../src/core/effect.ts';
import type { Event } from '../../../src/core/event.ts';
import type { Storage } from '../../../src/log/storage.ts';
import { scanBatches } from '../../../src/wire/kafka/batch-scan.ts';
import type { RecordBatchHeader } from '../../../src/wire/kafka/record-batch-header.ts';

/** One batch of a log, as this node has it or has ordered it. */
export interface BatchMark {
  readonly base: number;
  readonly last: number;
  readonly leaderEpoch: number;
  readonly crc: number;
  readonly bytes: Uint8Array;
  readonly header: RecordBatchHeader;
}

export interface LogCopy {
  readonly key: string;
  readonly topic: string;
  readonly partition: number;
  batches: BatchMark[];
}

export const logKey = (topicId: string, partition: number): string => `${topicId}/${partition}`;

/** The batches that lie in these bytes, one behind the other. */
export function marksOf(bytes: Uint8Array): BatchMark[] {
  return scanBatches(bytes).headers.map((header) => {
    const { baseOffset, lastOffset, leaderEpoch, crc, position, totalBytes } = header;
    const own = bytes.subarray(position, position + totalBytes);
    return { base: baseOffset, last: lastOffset, leaderEpoch, crc, bytes: own, header };
  });
}

/** The first of the batches that reaches that offset, or is above it. */
export function indexAt(batches: readonly BatchMark[], offset: number): number {
  let [low, high] = [0, batches.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((batches[middle]?.last ?? 0) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * What one process has in its logs: read from the files when it starts, then followed by what it
 * orders.
 */
export class LogCopies {
  readonly byKey = new Map<string, LogCopy>();
  readonly #byLog = new Map<LogId, LogCopy>();

  /** As recovery left the files. */
  constructor(storage: Storage, files: ReadonlyMap<string, Uint8Array>) {
    for (const { topic, topicId, partition, logStartOffset } of storage.logs) {
      const copy = this.#add(topic, topicId, partition);
      const folder = `logs/${topic}-${partition}/`;
      const segments = [...files.keys()].filter((path) => {
        return path.startsWith(folder) && /^\d{20}\.log$/.test(path.slice(folder.length));
      });
      for (const path of segments.sort()) {
        copy.batches.push(...marksOf(files.get(path) ?? new Uint8Array(0)));
      }
      copy.batches = copy.batches.slice(indexAt(copy.batches, logStartOffset));
    }
  }

  event(event: Event): void {
    if (event.type === 'NodeStarted') {
      for (const { logId, recovered } of event.logs) this.#bind(logId, recovered);
    } else if (event.type === 'LogCreated') this.#bind(event.log.logId, event.log.recovered);
    else if (event.type === 'LogStartAdvanced') {
      const copy = this.#of(event.logId);
      copy.batches = copy.batches.slice(indexAt(copy.batches, event.offset));
    }
  }

  effect(effect: Effect): void {
    if (effect.type === 'AppendBatch') {
      this.#of(effect.logId).batches.push(...marksOf(effect.batch));
    } else if (effect.type === 'TruncateLog') {
      const copy = this.#of(effect.logId);
      copy.batches = copy.batches.slice(0, indexAt(copy.batches, effect.to));
    } else if (effect.type === 'ResetLog') this.#of(effect.logId).batches = [];
    else if (effect.type === 'RepairLog') this.#mend(this.#of(effect.logId), effect.batches);
  }

  #mend(copy: LogCopy, bytes: Uint8Array): void {
    const mended = marksOf(bytes);
    const left = copy.batches.filter(({ base }) => !mended.some((mark) => mark.base === base));
    copy.batches = [...left, ...mended].sort((a, b) => a.base - b.base);
  }

  #bind(
    logId: LogId,
    log: { readonly topic: string; readonly topicId: string; readonly partition: number },
  ): void {
    const known = this.byKey.get(logKey(log.topicId, log.partition));
    this.#byLog.set(logId, known ?? this.#add(log.topic, log.topicId, log.partition));
  }

  #add(topic: string, topicId: string, partition: number): LogCopy {
    const copy = { key: logKey(topicId, partition), topic, partition, batches: [] };
    this.byKey.set(copy.key, copy);
    return copy;
  }

  #of(logId: LogId): LogCopy {
    const copy = this.#byLog.get(logId);
    if (copy === undefined) throw new Error('an order names a log that is open');
    return copy;
  }
}
