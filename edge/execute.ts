import { present } from '../src/base/assert.ts';
import { logId as toLogId, type LogId } from '../src/base/brand.ts';
import type { Effect } from '../src/core/effect.ts';
import type { Event, OpenLog } from '../src/core/event.ts';
import type { PartitionLog } from '../src/log/partition-log.ts';
import { toleratingNoSpace } from '../src/log/files.ts';
import type { Storage } from '../src/log/storage.ts';
import type { StateView } from '../src/ports/state-view.ts';
import { JournalExecutor } from './journal-executor.ts';
import { LogExecutor } from './log-executor.ts';
import { isDiskFault } from './disk-fault.ts';
import { LogReads } from './log-reads.ts';
import { DiskRoom } from './disk-room.ts';
import type { ForwardMarks } from './forward-marks.ts';
import { reloadEvents } from './reload-events.ts';
import { tell, type Outside } from './tell.ts';
import { ViewExecutor } from './view-executor.ts';

type Of<T extends Effect['type']> = Extract<Effect, { type: T }>;

/** Everything that effects touch. */
export interface World extends Outside {
  readonly storage: Storage;
  readonly views: StateView;
  readonly budgetBytes: number | 'auto';
  readonly forwardMarks: Outside['forwardMarks'] & Pick<ForwardMarks, 'attempted'>;
  readonly post: (event: Event) => void;
  readonly ready: () => void;
  readonly mayStop: () => void;
  /** L8: the data directory is not to be trusted any more. */
  readonly condemned: (error: unknown) => void;
}

const spaceRetryMs = 250;
/** How long a stop waits for room on a full disk. */
const stopRoomMs = 1_000;

/**
 * Runs the core's effects (DESIGN 3, contract): each log's orders in order through its LogExecutor,
 * reads beside them, results as events. Decides nothing.
 */
export class Executor {
  readonly #world: World;
  readonly #logs: LogExecutor[] = [];
  readonly #views: ViewExecutor;
  readonly #journal: JournalExecutor;
  readonly #reads: LogReads;
  readonly #room: DiskRoom;
  #isWritingMarks = false;
  #creating: Promise<void> = Promise.resolve();
  #isDead = false;

  constructor(world: World) {
    this.#world = world;
    this.#views = new ViewExecutor(world.views, world.telemetry);
    const { storage, budgetBytes, post } = world;
    const start = (work: () => Promise<void>): void => this.#start(work);
    this.#journal = new JournalExecutor({ storage, post, start });
    const log = (id: LogId): LogExecutor => this.#log(id);
    this.#reads = new LogReads({ storage, telemetry: world.telemetry, log, post, start });
    this.#room = new DiskRoom({
      ...{ storage, budgetBytes, post },
      isStalled: () => this.#logs.some((log) => log.isStalled),
      isDead: () => this.#isDead,
      start,
    });
  }

  /** The logs that recovery found, as NodeStarted wants them. */
  adopt(logs: readonly PartitionLog[]): OpenLog[] {
    return logs.map((log) => ({ logId: this.#add(log), recovered: log.recovered }));
  }

  readonly execute = (effects: readonly Effect[]): void => {
    for (const effect of effects) {
      if (this.#isDead) return;
      this.#run(effect);
    }
  };

  /**
   * Waits until everything that was ordered is on disk, also what is ordered meanwhile: a snapshot
   * of the producers must not speak of a batch that is not in the log (L5). After `msMax` it waits
   * no longer: while other nodes send, some log may be at work at any moment.
   */
  async settled(msMax = Infinity): Promise<void> {
    const startedMs = performance.now();
    const roomUntilMs = startedMs + stopRoomMs;
    while (this.#logs.some((log) => !log.isSettled)) {
      if (performance.now() - startedMs >= msMax) return;
      for (const log of this.#logs) {
        if (log.isWaitingForRoom && performance.now() > roomUntilMs) log.abandon();
      }
      await pause(1);
    }
  }

  /** fsyncs of all logs since the start, and the time they took. */
  get fsyncs(): { readonly count: number; readonly seconds: number } {
    let count = 0;
    let seconds = 0;
    for (const log of this.#logs) {
      count += log.syncs;
      seconds += log.syncSeconds;
    }
    return { count, seconds };
  }

  /**
   * A clean stop: exact marks and the producers of each log, so that the next start scans nothing
   * (L2). A log that is still at work is not: its producers know what it may never have (L5).
   */
  async close(producerSnapshot: (id: LogId) => Uint8Array | undefined): Promise<void> {
    if (this.#isDead) return;
    await this.#views.settled();
    for (const [i, { log, isAbandoned, isSettled: clean }] of this.#logs.entries()) {
      const snapshot = isAbandoned || !clean ? undefined : producerSnapshot(toLogId(i));
      const how = snapshot === undefined ? {} : { producerSnapshot: snapshot };
      const isClean = await toleratingNoSpace(() => log.close({ clean, ...how }));
      // What was written is durable; the next start recovers the rest.
      if (!isClean) await log.close({ clean: false });
    }
  }

  #run(effect: Effect): void {
    const world = this.#world;
    switch (effect.type) {
      case 'AppendBatch':
        return this.#log(effect.logId).run({ type: 'append', batch: effect.batch });
      case 'RollLog':
        return this.#rollLog(effect);
      case 'AdvanceLogStart':
        return this.#log(effect.logId).run({ type: 'advanceLogStart', to: effect.offset });
      case 'TruncateLog':
      case 'ResetLog':
      case 'RepairLog':
        return this.#reloadLog(effect);
      case 'ForgetOnceHad':
      case 'StoreVoters':
      case 'StoreWitness':
      case 'NotePeerStart':
      case 'StoreGivingUp':
      case 'AdoptCluster':
        return this.#journal.run(effect);
      case 'PersistVotes':
        return this.#persistVotes(effect);
      case 'CreateLog':
        return this.#createLog(effect);
      case 'CheckRetention':
        return this.#checkRetention(effect);
      case 'ReadLog':
        return this.#reads.read(effect);
      case 'FindOffset':
        return this.#reads.find(effect);
      case 'ListSegments':
        return this.#listSegments();
      case 'LendReserve':
        return this.#room.lendReserve();
      case 'UpdateView':
        return this.#views.update(effect);
      case 'ReplaceView':
        return this.#views.replace(effect);
      case 'CountRecords':
        return this.#reads.count(effect);
      case 'StoreForwardAttempt':
        return this.#storeAttempt(effect);
      case 'FinishStop':
        return world.mayStop();
      case 'BecomeReady':
        this.#room.becameReady();
        return world.ready();
      default:
        return tell(world, effect);
    }
  }

  #rollLog({ logId, producerSnapshot }: Of<'RollLog'>): void {
    this.#log(logId).run({ type: 'roll', producerSnapshot });
  }

  #reloadLog(effect: Of<'TruncateLog' | 'ResetLog' | 'RepairLog'>): void {
    const { logId, generation } = effect;
    const log = this.#log(logId);
    switch (effect.type) {
      case 'TruncateLog':
        return log.run({ type: 'truncate', to: effect.to, onceHad: effect.onceHad, generation });
      case 'RepairLog':
        return log.run({ type: 'repair', batches: effect.batches, generation });
      case 'ResetLog': {
        const { logStartOffset: at, epochBefore, voters, onceHad } = effect;
        return log.run({ type: 'reset', start: { at, epochBefore, voters, onceHad }, generation });
      }
    }
  }

  #log(id: LogId): LogExecutor {
    return present(this.#logs[id], 'an effect names a log that is open');
  }

  #add(log: PartitionLog): LogId {
    const id = toLogId(this.#logs.length);
    const { post } = this.#world;
    this.#logs.push(
      new LogExecutor({
        log,
        rotFound: (ranges, generation) => post({ type: 'RotFound', logId: id, generation, ranges }),
        persisted: (generation, endOffset) => {
          post({ type: 'BatchPersisted', logId: id, generation, endOffset });
          this.writeMarksIfDue();
        },
        logStartAdvanced: (offset) => post({ type: 'LogStartAdvanced', logId: id, offset }),
        reloaded: (how, recovered) => {
          post({ type: reloadEvents[how], logId: id, generation: recovered.generation, recovered });
        },
        room: this.#room,
        isCondemned: () => this.#world.storage.verdict !== undefined,
        condemned: (error) => this.#condemn(error),
      }),
    );
    return id;
  }

  /** Measures the disk, and what is to be told of it. */
  measureDisk(): void {
    this.#start(() => this.#room.refresh());
  }

  /** Takes back the room that is kept for a full disk (L9), beside the work. */
  refillReserve(): void {
    this.#room.refill();
  }

  /** Bytes that all logs together may hold, as of the last measure. */
  get budgetBytes(): number {
    return this.#room.budgetBytes;
  }

  /** L2: marks lag by at most a second or a megabyte. */
  writeMarksIfDue(): void {
    const { journal } = this.#world.storage;
    if (!journal.isMarkDue || this.#isWritingMarks) return;
    this.#isWritingMarks = true;
    this.#start(async () => {
      await journal.writeMarks();
      this.#isWritingMarks = false;
    });
  }

  #persistVotes({ votes }: Of<'PersistVotes'>): void {
    const { storage, post } = this.#world;
    this.#start(async () => {
      await storage.journal.persistVotes(votes);
      post({ type: 'VotesPersisted', votes });
    });
  }

  #createLog({ topic, topicId, partition }: Of<'CreateLog'>): void {
    const { storage, post } = this.#world;
    // One after the other: the directory of logs is made ready for one new folder at a time.
    const create = async (): Promise<void> => {
      const log = await storage.createLog(topic, topicId, partition);
      post({ type: 'LogCreated', log: { logId: this.#add(log), recovered: log.recovered } });
    };
    this.#creating = this.#creating.then(() => this.#withRoom(create));
    this.#start(() => this.#creating);
  }

  #checkRetention({ logId, policy, nowMs }: Of<'CheckRetention'>): void {
    const offset = this.#log(logId).log.retentionCandidate(policy, nowMs);
    if (offset === undefined) return;
    this.#world.post({ type: 'RetentionProposed', logId, offset, reason: 'retention' });
  }

  #listSegments(): void {
    const lists = this.#logs.map(({ log }, i) => ({ logId: toLogId(i), segments: log.segments() }));
    this.#world.post({ type: 'SegmentsListed', lists });
  }

  #storeAttempt({ askId, attempt, mark }: Of<'StoreForwardAttempt'>): void {
    const { forwardMarks, post, answerForwarder } = this.#world;
    const store = forwardMarks.attempted(attempt, mark);
    this.#start(async () => {
      if (await store()) post({ type: 'ForwardAttemptStored', askId });
      else answerForwarder(askId, false);
    });
  }

  /**
   * Runs work whose failure is the disk's, or a bug: either way nothing after it can be trusted.
   */
  #start(work: () => Promise<void>): void {
    this.#withRoom(work).catch((error: unknown) => this.#condemn(error));
  }

  /** Votes, new logs and marks may use the reserve (L9); without room they are asked for again. */
  async #withRoom(work: () => Promise<void>): Promise<void> {
    const { storage } = this.#world;
    while (!this.#isDead) {
      try {
        return await work();
      } catch (error) {
        const isFull = isDiskFault(error) && error.code === 'ENOSPC';
        if (!isFull || storage.verdict !== undefined) throw error;
        if (!(await storage.reserve.release())) await pause(spaceRetryMs);
      }
    }
  }

  #condemn(error: unknown): void {
    if (this.#isDead) return;
    this.#isDead = true;
    this.#views.abandon();
    this.#world.condemned(error);
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
