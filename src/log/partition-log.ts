import { assert } from '../base/assert.ts';
import { logGeneration, offset } from '../base/brand.ts';
import type {
  LeaderEpoch,
  LogGeneration,
  LogId,
  Offset,
  TimestampMs,
  Uuid,
} from '../base/brand.ts';
import { fail, ok } from '../base/result.ts';
import type { Result } from '../base/result.ts';
import type { DiskFile } from '../ports/disk.ts';
import type {
  EpochStart,
  RecoveredLog,
  RotRange,
  SegmentInfo,
  SegmentSummary,
} from '../ports/recovered-log.ts';
import type { RecordBatchHeader } from '../wire/kafka/record-batch-header.ts';
import { headersToAppend } from './append-check.ts';
import { unlinkSegments } from './cut-log.ts';
import { fillHole } from './fill-hole.ts';
import { isFull } from './files.ts';
import type { LogStart } from './journal-record.ts';
import type { LogReadError } from './log-read-error.ts';
import type { LogContext } from './log-context.ts';
import { LogEpochs } from './log-epochs.ts';
import { noteSynced } from './note-synced.ts';
import { logStartAt } from './log-start-at.ts';
import { LogReader } from './log-reader.ts';
import { loadLog } from './log-loader.ts';
import type { LoadedLog } from './log-loader.ts';
import { segmentsWithSnapshot, writeProducerSnapshot } from './producer-snapshots.ts';
import { createSegment } from './recovery.ts';
import { RotReports } from './rot-report.ts';
import { retained, retentionCandidate } from './retention.ts';
import type { RetentionPolicy } from './retention.ts';
import type { Synced } from './synced.ts';
import { SegmentScrub } from './segment-scrub.ts';
import type { Segment } from './segment.ts';
import type { ReadRange } from './tail-cache.ts';
import type { FoundOffset } from './time-lookup.ts';

/**
 * One partition's log on disk. Every promise rejects with DiskError. After ENOSPC from what changes
 * the log nothing has changed that the same call would not put right: ask again when there is room.
 * After any other rejection the data directory is condemned (L8). The caller runs one of these at a
 * time; `read`, `findOffset` and one `sync` may run beside them.
 */
export class PartitionLog {
  readonly topic: string;
  readonly topicId: Uuid;
  readonly partition: number;
  readonly logId: LogId;
  readonly #context: LogContext;
  /** Says what rots while the log is open. */
  readonly rotReports: RotReports;
  readonly #reader: LogReader;
  #segments: Segment[] = [];
  #file: DiskFile | undefined;
  #recovered: RecoveredLog;
  #logStartOffset: Offset;
  /** It is being cut or begins anew: neither the old log nor the new one can be read. */
  #isReloading = false;
  #durableEndOffset: Offset;
  #generation: LogGeneration = logGeneration(0);
  #epochs: LogEpochs;
  #bytes = 0;
  #unsyncedBytes = 0;
  #syncing: Promise<void> | undefined;

  private constructor(context: LogContext, loaded: LoadedLog) {
    this.#context = context;
    this.topic = context.topic;
    this.topicId = context.topicId;
    this.partition = context.partition;
    this.logId = context.logId;
    this.rotReports = new RotReports(context);
    this.#reader = new LogReader(context.disk, context.decompression, this.rotReports);
    this.#recovered = loaded.recovered;
    this.#logStartOffset = loaded.recovered.logStartOffset;
    this.#epochs = new LogEpochs(loaded.recovered);
    this.#durableEndOffset = loaded.recovered.logEndOffset;
    this.#take(loaded);
  }

  /** Recovers the log in the folder (L5-L7): when this resolves, every byte of it is durable. */
  static async open(context: LogContext): Promise<PartitionLog> {
    return new PartitionLog(context, await loadLog(context, logGeneration(0)));
  }

  /** What the log knew of itself when it was opened or last truncated. */
  get recovered(): RecoveredLog {
    return this.#recovered;
  }

  get generation(): LogGeneration {
    return this.#generation;
  }

  get logStartOffset(): Offset {
    return this.#logStartOffset;
  }

  /** Leader epoch of the last batch below the log start; 0: none. */
  get epochBeforeStart(): LeaderEpoch {
    return this.#epochs.beforeStart;
  }

  get logEndOffset(): Offset {
    return this.#active.endOffset;
  }

  /** Everything below it was fsynced in this process or by its recovery. */
  get durableEndOffset(): Offset {
    return this.#durableEndOffset;
  }

  get epochStarts(): readonly EpochStart[] {
    return this.#epochs.starts;
  }

  get activeSegment(): SegmentSummary {
    return this.#active.summary;
  }

  /** Bytes of all `.log` files. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Offsets that cannot be served: found at the start, and since then by reads and the scrub. */
  get rot(): readonly RotRange[] {
    const all = [...this.#recovered.rot, ...this.#segments.flatMap((segment) => segment.damage)];
    return all.filter(({ to }) => to > this.#logStartOffset);
  }

  segments(): readonly SegmentInfo[] {
    return this.#segments.map((segment) => ({ ...segment.summary, endOffset: segment.endOffset }));
  }

  /**
   * Writes batches that follow each other and the log end, with base offset and leader epoch set;
   * not durable before `sync`. The arrays must not be changed any more. After ENOSPC the partial
   * write is cut off again (L8).
   */
  async append(batches: readonly Uint8Array[]): Promise<void> {
    const headers = headersToAppend(batches, this.logEndOffset);
    const segment = this.#active;
    const file = this.#openFile;
    try {
      await file.write(segment.bytes, batches);
    } catch (error) {
      if (isFull(error)) await file.truncate(segment.bytes);
      throw error;
    }
    headers.forEach((header, index) => this.#note(header, batches[index] as Uint8Array));
    await segment.writeIndexes(this.#context.disk, false);
  }

  /**
   * Seals the active segment and begins the next (L3): the old bytes are durable before the new
   * file exists, and its name is before this resolves. `producerSnapshot` speaks of the state at
   * the log end.
   */
  async roll(producerSnapshot: Uint8Array): Promise<void> {
    const { disk, dir } = this.#context;
    const sealed = this.#active;
    if (sealed.bytes === 0) return;
    await this.#syncing;
    await this.#syncActive();
    await sealed.writeSealed(disk);
    await this.#writeSnapshot(producerSnapshot);
    const next = await createSegment(disk, dir, sealed.endOffset);
    const file = await disk.open(next.path('log'), 'readWrite');
    await this.#openFile.close();
    this.#file = file;
    sealed.dropIndexes();
    this.#segments = [...this.#segments, next];
  }

  /**
   * Makes what is appended now durable; returns at once if it is. The log start and the log end may
   * have moved on when it resolves. One at a time (L3).
   */
  async sync(): Promise<Synced> {
    assert(this.#syncing === undefined, 'one fsync in flight for each log');
    const synced = { generation: this.#generation, endOffset: this.logEndOffset };
    const running = this.#syncActive();
    // Who waits for it only wants it to be over; who asked for it gets its error.
    this.#syncing = running.catch(() => undefined);
    try {
      await running;
      await this.#epochs.writeIfDue(this.#context);
    } finally {
      this.#syncing = undefined;
    }
    return synced;
  }

  /**
   * Whole batches from the one that holds `from`, at least one if one lies below `to`, none that
   * reaches to `to` or above. Every batch that comes from the disk is checked. `bytesMax` is passed
   * only by the first batch.
   */
  async read(range: ReadRange): Promise<Result<Uint8Array, LogReadError>> {
    const { from, to } = range;
    const isOutside = from < this.#logStartOffset || from > this.logEndOffset;
    if (isOutside || this.#isReloading) return fail({ code: 'OFFSET_OUT_OF_RANGE' });
    if (from >= Math.min(to, this.logEndOffset)) return ok(new Uint8Array(0));
    const generation = this.#generation;
    const read = await this.#reader.read(this.#segments, range, this.epochStarts);
    // A read that met a truncation or the unlinking of its segment says nothing about rot.
    const isStale = generation !== this.#generation || from < this.#logStartOffset;
    return isStale && !read.ok ? fail({ code: 'OFFSET_OUT_OF_RANGE' }) : read;
  }

  /** A check of the segment that begins there; undefined: it is gone, or known to be damaged. */
  scrub(baseOffset: Offset): SegmentScrub | undefined {
    const segment = this.#segments.find((one) => one.baseOffset === baseOffset);
    if (segment === undefined || segment.damage.length > 0) return undefined;
    return new SegmentScrub({
      context: this.#context,
      segment,
      isSealed: segment !== this.#active,
      isCurrent: () => this.#segments.includes(segment),
      suspect: () => this.#reader.examine(segment, 'scrub'),
    });
  }

  /** The first record at or after `timestamp` below `to`; -3: the first of the newest timestamp. */
  findOffset(
    timestamp: TimestampMs,
    to: Offset,
  ): Promise<Result<FoundOffset | undefined, LogReadError>> {
    const end = offset(Math.min(to, this.logEndOffset));
    return this.#reader.findOffset(this.#segments, (range) => this.read(range), {
      timestamp,
      to: end,
      logStartOffset: () => this.#logStartOffset,
    });
  }

  /**
   * Cuts the log: nothing at or above `toOffset` is left, and of a batch that reaches over it
   * nothing either. The decision is durable in the journal before the first byte goes, the cut
   * before this resolves (L3); `generation` begins, one that is higher than the last (L4). A crash
   * in between is mended at the next start. `onceHad` is kept where rot took what goes (V4).
   */
  async truncate(
    toOffset: Offset,
    generation: LogGeneration,
    onceHad?: Offset,
  ): Promise<RecoveredLog> {
    assert(toOffset >= this.#logStartOffset, 'a log is not cut below its start');
    return this.#reload(generation, async () => {
      // A mark may only speak of durable bytes, and the one that is written next is at the cut.
      await this.#syncActive();
      const to = await this.#reader.batchStart(this.#segments, toOffset, this.epochStarts);
      await this.#context.journal.persistCut(this.#context, to, onceHad);
    });
  }

  /**
   * The log begins anew at an offset, empty, in a new generation: it lies below the log start of
   * its leader. After a crash at any point it is the old log or the new one, with the start, the
   * epoch before it and the voters that belong to it.
   */
  async reset(start: LogStart, generation: LogGeneration): Promise<RecoveredLog> {
    return this.#reload(generation, () => this.#context.journal.persistReset(this.#context, start));
  }

  /**
   * Puts batches into a hole, from its beginning on, all of it or a part, in a new generation: the
   * recovered log knows the producers in it, too. They are a peer's copies of what was lost (L6).
   */
  async repair(batches: Uint8Array, generation: LogGeneration): Promise<RecoveredLog> {
    const { disk, dir, journal } = this.#context;
    return this.#reload(generation, async () => {
      await this.#syncActive();
      await journal.persistMark(this.#context, this.logEndOffset);
      await fillHole(disk, dir, this.#segments, batches);
    });
  }

  /** Moves the log start up: durable in the journal first, then whole segments go (L3). */
  async advanceLogStart(to: Offset): Promise<void> {
    assert(to <= this.logEndOffset, 'the log start stays at or below the log end');
    const { disk, dir, journal } = this.#context;
    if (to > this.#logStartOffset) {
      const [segments, epochs, { logStartOffset }] = [this.#segments, this.#epochs, this];
      const voterSets = journal.voterSets(this.#context);
      const start = logStartAt(to, { segments, epochs, logStartOffset, voterSets });
      await journal.persistLogStart(this.#context, start);
      this.#logStartOffset = to;
      this.#epochs.logStartAdvanced(to);
    }
    const active = this.#active;
    const gone = this.#segments.filter((one) => one !== active && one.endOffset <= to);
    this.#segments = this.#segments.filter((one) => !gone.includes(one));
    for (const { bytes } of gone) this.#bytes -= bytes;
    await unlinkSegments(disk, dir, gone);
  }

  /** How far whole sealed segments may go by the policy; undefined: nothing may (L10). */
  retentionCandidate(policy: RetentionPolicy, nowMs: TimestampMs): Offset | undefined {
    return retentionCandidate(retained(this.#segments), this.#bytes, policy, nowMs);
  }

  /**
   * `clean`: everything durable, the mark exact and a snapshot at the log end, so that the next
   * start is quick. A log that is closed stays as it is.
   */
  async close(how: {
    readonly clean: boolean;
    readonly producerSnapshot?: Uint8Array;
  }): Promise<void> {
    if (this.#file === undefined) return;
    await this.#syncing;
    if (how.clean) {
      await this.#syncActive();
      await this.#epochs.writeIfDue(this.#context);
      this.#active.endTimeIndex();
      await this.#active.writeIndexes(this.#context.disk, true);
      if (how.producerSnapshot !== undefined) await this.#writeSnapshot(how.producerSnapshot);
      await this.#context.disk.syncDir(this.#context.dir);
      await this.#context.journal.persistMark(this.#context, this.logEndOffset);
    }
    await this.#file.close();
    this.#file = undefined;
  }

  get #active(): Segment {
    return this.#segments.at(-1) as Segment;
  }

  get #openFile(): DiskFile {
    assert(this.#file !== undefined, 'the log is open');
    return this.#file;
  }

  /**
   * Makes a decision about the log durable and lets recovery carry it out. Where the disk was full
   * in the middle of it the decision stands: asked again, this goes on with the rest.
   */
  async #reload(generation: LogGeneration, decide: () => Promise<void>): Promise<RecoveredLog> {
    await this.#syncing;
    if (this.#file !== undefined) {
      assert(generation > this.#generation, 'generations rise (L4)');
      await decide();
      this.#isReloading = true;
      await this.#file.close();
      this.#file = undefined;
    }
    this.#reader.forget();
    this.#take(await loadLog(this.#context, generation));
    return this.#recovered;
  }

  #take(loaded: LoadedLog): void {
    this.#segments = [...loaded.segments];
    this.#file = loaded.file;
    this.#recovered = loaded.recovered;
    this.#logStartOffset = loaded.recovered.logStartOffset;
    this.#epochs = new LogEpochs(loaded.recovered);
    this.#durableEndOffset = loaded.recovered.logEndOffset;
    this.#isReloading = false;
    this.#generation = loaded.recovered.generation;
    this.#unsyncedBytes = 0;
    this.#bytes = this.#segments.reduce((sum, segment) => sum + segment.bytes, 0);
  }

  #note(header: RecordBatchHeader, batch: Uint8Array): void {
    this.#active.add(header, batch, this.#context.indexIntervalBytes);
    this.#epochs.appended(header.leaderEpoch, header.baseOffset);
    this.#bytes += batch.length;
    this.#unsyncedBytes += batch.length;
    this.#reader.remember(batch, header);
  }

  /** The end and the generation are those of the moment of the call. */
  async #syncActive(): Promise<void> {
    const [generation, end, bytes] = [this.#generation, this.logEndOffset, this.#unsyncedBytes];
    if (end <= this.#durableEndOffset) return;
    await this.#openFile.sync();
    if (generation !== this.#generation) return;
    this.#unsyncedBytes -= bytes;
    await noteSynced(this.#context, this.#active, { from: this.#durableEndOffset, to: end, bytes });
    this.#durableEndOffset = end;
  }

  /** None while others are to fill a hole: who wrote in front of it is not known then. */
  async #writeSnapshot(bytes: Uint8Array): Promise<void> {
    if (this.#recovered.mustRefetch.length > 0) return;
    const oldest = this.#segments.at(-segmentsWithSnapshot)?.baseOffset ?? 0;
    await writeProducerSnapshot(this.#context, { at: this.logEndOffset, bytes, oldest });
  }
}
