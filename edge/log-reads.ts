import type { Effect } from '../src/core/effect.ts';
import type { Event, LogReadOutcome, OffsetFoundOutcome } from '../src/core/event.ts';
import type { LogId } from '../src/base/brand.ts';
import type { PartitionLog } from '../src/log/partition-log.ts';
import { countRecords } from '../src/log/record-count.ts';
import type { Storage } from '../src/log/storage.ts';
import type { ReadRange } from '../src/log/tail-cache.ts';
import type { Telemetry } from '../src/ports/telemetry.ts';
import { isDiskFault } from './disk-fault.ts';
import type { LogExecutor } from './log-executor.ts';

type Of<T extends Effect['type']> = Extract<Effect, { type: T }>;

export interface LogReadsOptions {
  readonly storage: Pick<Storage, 'verdict'>;
  readonly telemetry: Telemetry;
  readonly log: (id: LogId) => LogExecutor;
  readonly post: (event: Event) => void;
  readonly start: (work: () => Promise<void>) => void;
}

/** Of another generation nothing is told: the bytes would pass for those of the one asked for. */
const stale = { ok: false, error: 'OFFSET_OUT_OF_RANGE' } as const;

/** Runs the core's reads of logs, beside the writes; results as events. */
export class LogReads {
  readonly #options: LogReadsOptions;

  constructor(options: LogReadsOptions) {
    this.#options = options;
  }

  /** What was ordered before is read too, durable or not: a follower waits for no disk (T1). */
  read({ readId, logId, generation, from, to, bytesMax, waitsForRoom }: Of<'ReadLog'>): void {
    const { log: find, post, start } = this.#options;
    start(async () => {
      const executor = find(logId);
      const { log } = executor;
      if (executor.mustWait(generation, from, waitsForRoom)) {
        await executor.written(generation, from, waitsForRoom);
      }
      const range = { from, to, bytesMax };
      const outcome = log.generation === generation ? await this.#readFrom(log, range) : stale;
      post({ type: 'LogRead', readId, logId, generation, outcome });
    });
  }

  find({ readId, logId, generation, timestamp, to }: Of<'FindOffset'>): void {
    const { log: find, post, start } = this.#options;
    start(async () => {
      const { log } = find(logId);
      const outcome = await this.#served<OffsetFoundOutcome>(log, async () => {
        if (log.generation !== generation) return stale;
        const found = await log.findOffset(timestamp, to);
        return found.ok ? { ok: true, found: found.value } : { ok: false, error: found.error.code };
      });
      post({ type: 'OffsetFound', readId, logId, generation, outcome });
    });
  }

  count({ logId, froms, to }: Of<'CountRecords'>): void {
    const { log: find, post, start } = this.#options;
    start(async () => {
      const { log } = find(logId);
      const read = async (range: ReadRange): Promise<Uint8Array | undefined> => {
        const outcome = await this.#readFrom(log, range);
        return outcome.ok ? outcome.bytes : undefined;
      };
      const counts: number[] = [];
      for (const from of froms) {
        counts.push(await countRecords(read, from, to));
      }
      post({ type: 'RecordsCounted', logId, counts });
    });
  }

  #readFrom(log: PartitionLog, range: ReadRange): Promise<LogReadOutcome> {
    return this.#served<LogReadOutcome>(log, async () => {
      const read = await log.read(range);
      return read.ok ? { ok: true, bytes: read.value } : { ok: false, error: read.error.code };
    });
  }

  /**
   * A sector that cannot be read, or no file handle left, is the reader's trouble alone: it
   * condemns nothing (L8), or one consumer of old records could end the node again and again.
   */
  async #served<T extends LogReadOutcome | OffsetFoundOutcome>(
    { topic, partition }: PartitionLog,
    read: () => Promise<T>,
  ): Promise<T | Extract<LogReadOutcome, { ok: false }>> {
    const { storage, telemetry } = this.#options;
    try {
      return await read();
    } catch (error) {
      if (!isDiskFault(error) || storage.verdict !== undefined) throw error;
      const fields = { topic, partition, reason: error.message };
      telemetry.write('error', 'Stored bytes cannot be read.', fields);
      return { ok: false, error: 'KAFKA_STORAGE_ERROR' };
    }
  }
}
