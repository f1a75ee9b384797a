import type { LogGeneration, Offset } from '../src/base/brand.ts';
import { limits } from '../src/base/limits.ts';
import { isFull } from '../src/log/files.ts';
import type { LogStart } from '../src/log/journal-record.ts';
import type { PartitionLog } from '../src/log/partition-log.ts';
import type { OffsetRange, RecoveredLog } from '../src/ports/recovered-log.ts';

export interface LogExecutorOptions {
  readonly log: PartitionLog;
  readonly persisted: (generation: LogGeneration, endOffset: Offset) => void;
  /** A read or the scrub met bytes that fail their checks. */
  readonly rotFound: (ranges: readonly OffsetRange[], generation: LogGeneration) => void;
  readonly logStartAdvanced: (offset: Offset) => void;
  /** It was cut, or began anew: a new generation, all of it durable. */
  readonly reloaded: (how: Reload, recovered: RecoveredLog) => void;
  readonly room: LogRoom;
  /** The data directory took a fault before: not even a full disk is waited for then. */
  readonly isCondemned: () => boolean;
  /**
   * A failed fsync, EIO, EROFS: the data directory is condemned (L8). Nothing of this log runs
   * after.
   */
  readonly condemned: (error: unknown) => void;
}

/** What the node's room for all logs is to one of them. */
export interface LogRoom {
  wrote(bytes: number): void;
  /** Segments have gone. */
  shrank(): void;
  /**
   * True when the log began to wait for space, false when it goes on (L8: ENOSPC on a write is not
   * fatal).
   */
  waitingForSpace(isWaiting: boolean): void;
  /** Resolves soon: whether it is worth trying again. What makes room may use the reserve (L9). */
  mayBeFree(log: PartitionLog, makesRoom: boolean): Promise<boolean>;
}

/** How a log comes into a new generation. */
export type Reload = 'truncate' | 'reset' | 'repair';

type Operation =
  | { readonly type: 'append'; readonly batch: Uint8Array }
  | { readonly type: 'sync' }
  | { readonly type: 'roll'; readonly producerSnapshot: Uint8Array }
  | { readonly type: 'advanceLogStart'; readonly to: Offset }
  | {
      readonly type: 'truncate';
      readonly to: Offset;
      readonly onceHad?: Offset | undefined;
      readonly generation: LogGeneration;
    }
  | { readonly type: 'reset'; readonly start: LogStart; readonly generation: LogGeneration }
  | { readonly type: 'repair'; readonly batches: Uint8Array; readonly generation: LogGeneration };

/** What a drop may go in front of: none of it speaks of another log. */
const passable: ReadonlySet<Operation['type']> = new Set(['append', 'sync', 'roll']);

/**
 * Runs one log's orders strictly in order, and its fsyncs beside the next writes, one in flight at
 * a time (L3, L4). Appends that queue up behind a slow disk go out in one write, and share the next
 * fsync.
 */
export class LogExecutor {
  readonly #options: LogExecutorOptions;
  #queue: Operation[] = [];
  #isRunning = false;
  #isDead = false;
  #isSyncWaiting = false;
  #isWaitingForRoom = false;
  #isAbandoned = false;
  #isDirty = false;
  #syncing: Promise<void> | undefined;
  #syncStartedMs: number | undefined;
  #syncs = 0;
  #syncMs = 0;
  #readers: (() => void)[] = [];

  constructor(options: LogExecutorOptions) {
    this.#options = options;
    const { log, rotFound } = options;
    log.rotReports.listen((ranges) => rotFound(ranges, log.generation));
  }

  get log(): PartitionLog {
    return this.#options.log;
  }

  get syncs(): number {
    return this.#syncs;
  }

  /** The fsync in flight has taken `limits.diskStallMs` (L8). */
  get isStalled(): boolean {
    const started = this.#syncStartedMs;
    return started !== undefined && performance.now() - started > limits.diskStallMs;
  }

  get syncSeconds(): number {
    return this.#syncMs / 1_000;
  }

  run(operation: Operation): void {
    if (this.#isDead || this.#isAbandoned) return;
    this.#queue.push(operation);
    if (this.#isRunning) return;
    this.#isRunning = true;
    // A turn's effects arrive one by one in the same tick: let them gather, then write them at
    // once.
    queueMicrotask(() => void this.#drain());
  }

  /** Its order at the head, or what an fsync has yet to be followed by, waits for space. */
  get isWaitingForRoom(): boolean {
    return this.#isWaitingForRoom || this.#isSyncWaiting;
  }

  /** What it was ordered and did not write: its log is not what the core thinks it is. */
  get isAbandoned(): boolean {
    return this.#isAbandoned;
  }

  /** A stop does not wait for room: what waits was never acknowledged, and is let go. */
  abandon(): void {
    this.#isAbandoned = true;
    this.#isSyncWaiting = false;
    this.#queue = [];
  }

  get isSettled(): boolean {
    const isAtWork = this.#isRunning || this.#syncing !== undefined || this.#isSyncWaiting;
    return this.#isDead || !isAtWork;
  }

  /**
   * Whether a read from there must wait until what was ordered before it is written. For a log that
   * waits for room only readers that say so wait: it may take long, and the others are told what
   * there is.
   */
  mustWait(generation: LogGeneration, from: Offset, waitsForRoom = false): boolean {
    if (!this.#isRunning || this.#isDead || this.#isAbandoned) return false;
    const { log } = this.#options;
    if (log.generation !== generation) return log.generation < generation;
    return from >= log.logEndOffset && (waitsForRoom || !this.#isWaitingForRoom);
  }

  /** Resolves when `mustWait` says no. */
  async written(generation: LogGeneration, from: Offset, waitsForRoom = false): Promise<void> {
    while (this.mustWait(generation, from, waitsForRoom)) {
      await new Promise<void>((resolve) => this.#readers.push(resolve));
    }
  }

  /** Resolves when all that was ordered is written and synced, or the log is dead. */
  async settled(): Promise<void> {
    while (!this.isSettled) {
      await (this.#syncing ?? new Promise((resolve) => setImmediate(resolve)));
    }
  }

  async #drain(): Promise<void> {
    try {
      while (this.#queue.length > 0 && !this.#isDead) {
        await this.#runNext();
        this.#wakeReaders();
      }
    } catch (error) {
      this.#die(error);
    }
    this.#isRunning = false;
    this.#wakeReaders();
  }

  #wakeReaders(): void {
    if (this.#readers.length === 0) return;
    const readers = this.#readers;
    this.#readers = [];
    for (const wake of readers) wake();
  }

  async #runNext(): Promise<void> {
    const first = this.#queue[0];
    if (first === undefined) return;
    if (first.type === 'append') return this.#appendLeading();
    this.#queue.shift();
    await this.#syncing; // one fsync in flight for each file (L3)
    const { log } = this.#options;
    switch (first.type) {
      case 'sync':
        if (this.#isDirty) this.#syncing = this.#sync();
        return;
      case 'roll':
        return this.#whenRoom(() => log.roll(first.producerSnapshot));
      case 'advanceLogStart':
        return this.#whenRoom(() => this.#advanceLogStart(first.to), true);
      case 'truncate':
        return this.#reload('truncate', () =>
          log.truncate(first.to, first.generation, first.onceHad),
        );
      case 'reset':
        return this.#reload('reset', () => log.reset(first.start, first.generation));
      case 'repair':
        return this.#reload('repair', () => log.repair(first.batches, first.generation));
    }
  }

  /** A follower that cannot cut its log cannot follow: that may use the reserve (L9). */
  async #reload(how: Reload, operation: () => Promise<RecoveredLog>): Promise<void> {
    await this.#whenRoom(async () => this.#options.reloaded(how, await operation()), true);
  }

  /** All appends at the head of the queue as one write. */
  async #appendLeading(): Promise<void> {
    const batches: Uint8Array[] = [];
    for (const operation of this.#queue) {
      if (operation.type !== 'append') break;
      batches.push(operation.batch);
    }
    this.#queue.splice(0, batches.length);
    const { log, room } = this.#options;
    await this.#whenRoom(() => log.append(batches));
    if (this.#isAbandoned) return;
    room.wrote(batches.reduce((sum, { length }) => sum + length, 0));
    this.#isDirty = true;
    if (this.#syncing === undefined) this.#syncing = this.#sync();
  }

  /**
   * Tries again and again while the disk is full; the operation cuts back its own partial write.
   */
  async #whenRoom(operation: () => Promise<void>, makesRoom = false): Promise<void> {
    while (!this.#isDead && !this.#isAbandoned) {
      try {
        await operation();
        break;
      } catch (error) {
        if (!isFull(error) || this.#options.isCondemned()) throw error;
        if (!this.#isWaitingForRoom) this.#options.room.waitingForSpace(true);
        this.#isWaitingForRoom = true;
        this.#wakeReaders();
        await this.#untilSpaceMayBeFree(makesRoom);
      }
    }
    if (this.#isWaitingForRoom) this.#options.room.waitingForSpace(false);
    this.#isWaitingForRoom = false;
  }

  /** A drop that is queued behind goes first: without it there may never be space. */
  async #untilSpaceMayBeFree(makesRoom: boolean): Promise<void> {
    const { log, room } = this.#options;
    for (let mayBe = false; !mayBe && !this.#isDead && !this.#isAbandoned;) {
      mayBe = await room.mayBeFree(log, makesRoom);
      if (!makesRoom) await this.#advanceQueuedLogStart();
    }
  }

  /**
   * Retention is what makes room: it may pass appends and fsyncs that wait for it. That reorders
   * nothing that can be seen, since the log start only ever moves within what is committed. It
   * takes room of its own, a line of the journal: for that it may use the reserve, and nothing else
   * is tried before. Behind a cut it speaks of another log.
   */
  async #advanceQueuedLogStart(): Promise<void> {
    const operation = this.#queue.find(({ type }) => !passable.has(type));
    const { log, room } = this.#options;
    if (operation?.type !== 'advanceLogStart') return;
    while (!this.#isDead && !this.#isAbandoned) {
      try {
        if (operation.to > log.logEndOffset) return await this.#freeWritten();
        await this.#advanceLogStart(operation.to);
        this.#queue.splice(this.#queue.indexOf(operation), 1);
        return;
      } catch (error) {
        if (!isFull(error) || this.#options.isCondemned()) throw error;
        await room.mayBeFree(log, true);
      }
    }
  }

  /**
   * The log start is to lie in what waits for room, as on a follower whose disk was full for long:
   * all that is written may go, or it would wait for room that it holds itself. Nobody is told
   * before the rest goes, too.
   */
  async #freeWritten(): Promise<void> {
    const { log, room } = this.#options;
    if (log.logStartOffset === log.logEndOffset) return;
    await log.advanceLogStart(log.logEndOffset);
    room.shrank();
  }

  async #advanceLogStart(to: Offset): Promise<void> {
    const { log, logStartAdvanced, room } = this.#options;
    await log.advanceLogStart(to);
    logStartAdvanced(to);
    room.shrank();
  }

  async #sync(): Promise<void> {
    try {
      while (this.#isDirty && !this.#isDead) {
        this.#isDirty = false;
        const startedMs = performance.now();
        this.#syncStartedMs = startedMs;
        const { generation, endOffset } = await this.#options.log.sync();
        this.#syncStartedMs = undefined;
        this.#syncs++;
        this.#syncMs += performance.now() - startedMs;
        this.#options.persisted(generation, endOffset);
      }
    } catch (error) {
      if (isFull(error) && !this.#options.isCondemned()) this.#syncWhenRoom();
      else this.#die(error);
    } finally {
      this.#syncing = undefined;
    }
  }

  /**
   * A Voters record counts with its line in the journal, which may wait for room (L8, L9). It is
   * tried again in its turn: beside a roll or a cut it would be a second fsync, of a log that goes
   * (L3).
   */
  #syncWhenRoom(): void {
    this.#syncStartedMs = undefined;
    this.#isDirty = true;
    this.#isSyncWaiting = true;
    const { log, room } = this.#options;
    const again = (): void => {
      this.#isSyncWaiting = false;
      this.run({ type: 'sync' });
    };
    room.mayBeFree(log, true).then(again, (error: unknown) => this.#die(error));
  }

  #die(error: unknown): void {
    if (this.#isDead) return;
    this.#isDead = true;
    this.#queue = [];
    this.#options.condemned(error);
  }
}
