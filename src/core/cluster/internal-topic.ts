import { assert } from '../../base/assert.ts';
import { utf8Decode, utf8Encode } from '../../base/bytes.ts';
import { offset, type Offset } from '../../base/brand.ts';
import { TurnoverMap } from '../../base/turnover-map.ts';
import type { ViewChange, ViewEntry } from '../../ports/state-view.ts';
import { scanBatches } from '../../wire/kafka/batch-scan.ts';
import type { RecordBatchHeader } from '../../wire/kafka/record-batch-header.ts';
import type { Effect } from '../effect.ts';
import type { Done, ReadOutcome } from '../kafka/broker-view.ts';
import type { LogFollower } from '../log-follower.ts';
import type { Partition } from '../partition.ts';
import type { AppendOutcome } from '../produce/record-waiter.ts';
import { changesBatch, forEachRecord } from './compacted-batches.ts';
import { TopicCompaction } from './topic-compaction.ts';

export interface InternalTopicOptions {
  readonly partition: Partition;
  /** What became of a key, in offset order (C7); undefined: it is gone. */
  readonly apply: (key: string, value: Uint8Array | undefined) => void;
  /**
   * What a record makes of its key, by what the keys hold in front of it; what the key holds
   * already: nothing. The same for the same log on every node. Without it a record's value stands.
   */
  readonly reduce?: (
    key: string,
    value: Uint8Array | undefined,
    stored: (key: string) => Uint8Array | undefined,
  ) => Uint8Array | undefined;
  /** Into the open batch of this node; settled when it is committed. */
  readonly append: (change: ViewChange, done: (outcome: AppendOutcome) => void) => void;
  /** Closes the open batch now: what was appended lies in front of what comes next. */
  readonly flush: () => void;
  readonly read: (from: Offset, to: Offset, done: Done<ReadOutcome>) => void;
  readonly emit: (effect: Effect) => void;
  /**
   * The replay met a hole: records of any key may be missing, tombstones too. Called before what
   * lies behind it is applied.
   */
  readonly holeFound: (from: Offset, to: Offset) => void;
  /** Whether what a key said in front of a hole is still worth something; else it is forgotten. */
  readonly survivesHole: (key: string) => boolean;
}

/** How the replay of the log ends. */
export interface ReplayOutcome {
  readonly replayed: () => void;
  /** The log cannot be read now; also later, while it is followed. */
  readonly failed: (reason: string) => void;
}

interface AppendedBatch {
  readonly batch: Uint8Array;
  readonly baseOffset: Offset;
  readonly endOffset: Offset;
}

/**
 * A compacted topic of ours as a map that follows the committed log, on its leader and on every
 * other replica alike (C7).
 */
export class InternalTopic implements LogFollower {
  readonly #options: InternalTopicOptions;
  readonly #compaction: TopicCompaction;
  /** Committed values, in the order of their keys' first coming. */
  readonly #values = new TurnoverMap<string, Uint8Array>();
  /** Batches that were appended here and are not applied yet, in the order of the log. */
  #appended: AppendedBatch[] = [];
  /** Who waits until all below an offset is applied; offsets do not go down. */
  readonly #waiting: { readonly endOffset: Offset; readonly done: () => void }[] = [];
  /** Applied and not yet told to the view. */
  #changes: ViewChange[] = [];
  #next: Offset = offset(0);
  #isReading = false;
  /** It waits for what rot took here and others still have. */
  #isAtHole = false;
  #isReplayed = false;
  #outcome: ReplayOutcome | undefined;
  /** Keys that did not come again since the log began anew; undefined: it did not. */
  #stale: Set<string> | undefined;

  constructor(options: InternalTopicOptions) {
    this.#options = options;
    this.#compaction = new TopicCompaction({
      ...options,
      liveCount: () => this.#values.size,
      newest: () => this.newest(),
      isEndKnown: () => this.#isEndKnown,
    });
    options.partition.followBy(this);
  }

  get partition(): Partition {
    return this.#options.partition;
  }

  /** All that is committed as far as this node knows is applied, and what is on its way at hand. */
  get isCaughtUp(): boolean {
    const isWhole = this.#isReplayed && this.#stale === undefined;
    return isWhole && this.#next >= this.partition.highWatermark && this.#isEndKnown;
  }

  /**
   * Replays the committed log, behind the view if there is one that fits; then calls `replayed` and
   * follows the log. A hole that the view does not cover is told, and is gone with the next
   * rewrite.
   */
  replay(
    view: { readonly nextOffset: Offset; readonly entries: readonly ViewEntry[] } | undefined,
    outcome: ReplayOutcome,
  ): void {
    const { readableFrom, logEndOffset } = this.partition;
    this.#next = readableFrom;
    this.#outcome = {
      ...outcome,
      replayed: () => {
        // The log is fsynced before the view hears of it: what only the view has seen was lost,
        // where no other node has it.
        const isAlone = (this.partition.voters?.voters.length ?? 1) < 2;
        const isAhead = isAlone && view !== undefined && view.nextOffset > logEndOffset;
        if (isAhead) this.#passHole(this.#next, view.nextOffset);
        this.#isReplayed = true;
        this.#replaceView();
        outcome.replayed();
      },
    };
    if (view !== undefined && view.nextOffset >= this.#next && view.nextOffset <= logEndOffset) {
      for (const { key, value } of view.entries) this.#keep(utf8Decode(key), value.slice());
      this.#next = view.nextOffset;
    }
    this.#advance();
  }

  /**
   * A decision of the leader: appended by it, or not at all; a later leader decides for itself.
   * `done` is told whether it is committed, and applied here.
   */
  decide(changes: readonly ViewChange[], done: (isCommitted: boolean) => void): void {
    const { partition } = this;
    partition.produce(changesBatch(changes), (outcome) => {
      if (!outcome.ok) return done(false);
      return this.#whenApplied(offset(outcome.baseOffset + changes.length), () => done(true));
    });
  }

  /**
   * What this node has to say, whoever leads: appends the changes in order; `done` when the last
   * one is committed and applied here.
   */
  commit(changes: readonly ViewChange[], done: () => void): void {
    assert(this.#isReplayed, 'no change before the replay');
    if (changes.length === 0) return done();
    changes.forEach((change, i) =>
      this.#append(change, i === changes.length - 1 ? done : undefined),
    );
  }

  #append(change: ViewChange, done: (() => void) | undefined): void {
    this.#options.append(change, (outcome) => {
      assert(outcome.ok, 'a change of ours is taken');
      if (done === undefined) return;
      // Stored before it was answered, nobody knows where: once more, that changes nothing.
      if (outcome.offset < 0) this.#append(change, done);
      else this.#whenApplied(offset(outcome.offset + 1), done);
    });
  }

  appended(batch: Uint8Array, baseOffset: Offset, endOffset: Offset): void {
    // A hole may stay for hours. What came meanwhile is read when it is filled.
    if (this.#isAtHole) return;
    this.#appended.push({ batch, baseOffset, endOffset });
  }

  truncated(to: Offset): void {
    assert(to >= this.#next, 'what was applied is committed');
    this.#appended = this.#appended.filter(({ endOffset }) => endOffset <= to);
  }

  reset(to: Offset): void {
    this.#appended = [];
    this.#beginAnew(to);
  }

  highWatermarkMoved(): void {
    if (this.#outcome !== undefined) this.#advance();
  }

  reloaded(): void {
    this.#isAtHole = false;
    this.highWatermarkMoved();
  }

  #whenApplied(endOffset: Offset, done: () => void): void {
    if (this.#stale === undefined && this.#next >= endOffset) done();
    else this.#waiting.push({ endOffset, done });
  }

  /** Applies what is committed: from the batches that were appended here, else from the log. */
  #advance(): void {
    while (!this.#isStuck && this.#next < this.partition.highWatermark) {
      if (!this.#applyAppended()) this.#readOn();
    }
    if (this.#isStuck) return;
    if (this.#stale !== undefined) {
      if (!this.partition.isCurrent) return;
      this.#forgetStale(this.#stale);
    }
    if (this.#isReplayed) this.#updateView();
    else this.#outcome?.replayed();
    this.#releaseApplied();
    this.#compaction.rewriteIfGrown();
  }

  get #isStuck(): boolean {
    return this.#isReading || (this.#isAtHole && this.#next >= this.partition.readableFrom);
  }

  /**
   * Behind that offset every live key comes again; those that do not were deleted meanwhile. What a
   * record makes of its key must not depend on what only this node knew of before.
   */
  #beginAnew(at: Offset): void {
    this.#next = at;
    this.#isAtHole = false;
    this.#stale = new Set([...(this.#stale ?? []), ...this.#values.keys()]);
    this.#values.clear();
  }

  /**
   * A log that began anew is known as far as its leader's was then. Before that nobody is told that
   * something is applied, and the view stays behind: its offset would speak for keys that are gone.
   */
  #forgetStale(stale: ReadonlySet<string>): void {
    this.#stale = undefined;
    for (const key of stale) this.#keep(key, undefined);
    if (this.#isReplayed) this.#replaceView();
  }

  /** @returns false if the next committed batch is not at hand. */
  #applyAppended(): boolean {
    while ((this.#appended[0]?.endOffset ?? Infinity) <= this.#next) this.#appended.shift();
    const [head] = this.#appended;
    if (head === undefined || head.baseOffset > this.#next) return false;
    this.#appended.shift();
    this.#applyBatches(head.batch);
    return true;
  }

  #readOn(): void {
    const [from, { highWatermark, topic, generation, readableFrom }] = [this.#next, this.partition];
    // It is rewritten behind this offset, and goes away under who reads it.
    if (from < readableFrom) return this.#beginAnew(readableFrom);
    const to = Math.min(highWatermark, this.#appended[0]?.baseOffset ?? Infinity);
    let isSynchronous = true;
    this.#isReading = true;
    this.#options.read(from, offset(to), (read) => {
      this.#isReading = false;
      const { holes, generation: present } = this.partition;
      // Of a log that was cut or filled meanwhile the same is asked again.
      this.#isAtHole = !read.ok && present === generation && holes.length > 0;
      if (read.ok) {
        this.#applyBatches(read.bytes);
        if (this.#next <= from) return this.#fail(`${topic} at ${from}: nothing there`);
      } else if (present === generation && !this.#isAtHole && from >= this.partition.readableFrom) {
        return this.#fail(`${topic} at ${from}: ${read.error}`);
      }
      if (!isSynchronous) this.#advance();
      return undefined;
    });
    isSynchronous = false;
  }

  #fail(reason: string): void {
    this.#isReading = true; // nothing behind it may be applied
    this.#outcome?.failed(reason);
  }

  #releaseApplied(): void {
    while ((this.#waiting[0]?.endOffset ?? Infinity) <= this.#next) this.#waiting.shift()?.done();
  }

  /** One update for all that was committed together. */
  #updateView(): void {
    if (this.#changes.length === 0) return;
    const { topic } = this.partition;
    const changes = this.#changes;
    this.#changes = [];
    this.#options.emit({ type: 'UpdateView', topic, changes, nextOffset: this.#next });
  }

  /** A view that was missing, or behind, must not go on with only what comes after. */
  #replaceView(): void {
    const { topic } = this.partition;
    this.#changes = [];
    const entries = [...this.#values].map(([key, value]) => ({ key: utf8Encode(key), value }));
    this.#options.emit({ type: 'ReplaceView', topic, entries, nextOffset: this.#next });
  }

  #applyBatches(bytes: Uint8Array): void {
    for (const header of scanBatches(bytes).headers) {
      if (header.baseOffset > this.#next) this.#passHole(this.#next, header.baseOffset);
      if (!header.isControl) this.#applyRecords(bytes, header);
      this.#next = offset(Math.max(this.#next, header.lastOffset + 1));
    }
  }

  #applyRecords(bytes: Uint8Array, header: RecordBatchHeader): void {
    forEachRecord(bytes, header, (at, key, value) => {
      if (at >= this.#next) this.#see(key, value);
    });
  }

  #passHole(from: Offset, to: Offset): void {
    this.#compaction.holeFound();
    for (const key of [...this.#values.keys()]) {
      if (!this.#options.survivesHole(key)) this.#keep(key, undefined);
    }
    this.#options.holeFound(from, to);
  }

  #see(key: string, value: Uint8Array | undefined): void {
    // Whoever applies it holds what it was before, whatever is kept of it here.
    const wasStale = this.#stale?.delete(key) === true;
    const { reduce } = this.#options;
    const own = value?.slice();
    if (reduce === undefined) return this.#keep(key, own);
    const kept = reduce(key, own, (other) => this.#values.get(other));
    if (wasStale || kept !== this.#values.get(key)) this.#keep(key, kept);
  }

  #keep(key: string, value: Uint8Array | undefined): void {
    if (value === undefined) this.#values.delete(key);
    else this.#values.set(key, value);
    if (this.#isReplayed) this.#changes.push({ key: utf8Encode(key), value });
    this.#options.apply(key, value);
  }

  /**
   * All that is on its way is at hand. What was appended to a new leader's log before this followed
   * it is not, until it is committed and read.
   */
  get #isEndKnown(): boolean {
    const { logEndOffset } = this.partition;
    return (this.#appended[0]?.baseOffset ?? logEndOffset) <= this.#next;
  }

  /**
   * What the keys will hold once all is committed that is appended. Known to a leader that has
   * applied what its predecessors left.
   */
  newest(): ReadonlyMap<string, Uint8Array> {
    const newest = new Map(this.#values);
    const { reduce } = this.#options;
    const stored = (key: string): Uint8Array | undefined => newest.get(key);
    for (const { batch } of this.#appended) {
      for (const header of scanBatches(batch).headers) {
        if (header.isControl) continue;
        forEachRecord(batch, header, (_, key, value) => {
          const kept = reduce === undefined ? value : reduce(key, value, stored);
          if (kept === undefined) newest.delete(key);
          else newest.set(key, kept);
        });
      }
    }
    return newest;
  }
}
