import type { LogId, Uuid } from '../base/brand.ts';
import type { Disk } from '../ports/disk.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { Decompression } from '../wire/kafka/record-iterator.ts';
import type { Journal } from './journal.ts';

/** What a log is given for life. */
export interface LogContext {
  readonly disk: Disk;
  readonly journal: Journal;
  /** Folder below the data directory. */
  readonly dir: string;
  readonly logId: LogId;
  readonly topic: string;
  readonly topicId: Uuid;
  readonly partition: number;
  /** The data directory that it lies in. */
  readonly directoryId: Uuid;
  readonly indexIntervalBytes: number;
  readonly decompression: Decompression | undefined;
  readonly telemetry: Telemetry | undefined;
}
