import type { MonotonicMs, Offset } from '../base/brand.ts';
import { limits } from '../base/limits.ts';
import type { Clock } from '../ports/clock.ts';
import type { Disk, DiskFile } from '../ports/disk.ts';
import { isFull, openFresh, readWhole, toleratingNoSpace, unlinkIfThere } from './files.ts';
import { decodeGroups, encodeGroup } from './journal-record.ts';
import type { JournalEntry, JournalRecord, JournalVote, LogKey } from './journal-record.ts';
import { JournalState, idOf } from './journal-state.ts';
import type { DurableMark } from './journal-state.ts';

const path = 'journal';
const freshPath = 'journal.new';

/**
 * The node journal (L2): one append-only file of checked lines for the whole data directory. What
 * is asked for while a flush runs goes out together with the next one. Every method that returns a
 * promise resolves when its statement is durable and rejects with DiskError; after ENOSPC the
 * caller may ask again.
 */
export class Journal {
  /**
   * The journal that this start found was damaged (V4): votes and marks may be missing, so a lone
   * voter takes the highest leader epoch in its logs + 1,000. Stays so over restarts until the
   * first vote after it is durable.
   */
  readonly isDamaged: boolean;
  readonly #disk: Disk;
  readonly #clock: Clock;
  readonly #state: JournalState;
  #file: DiskFile;
  #bytes: number;
  #pending: JournalRecord[] = [];
  /** Settles, never rejecting, when the last flush that was started is over. */
  #settled: Promise<unknown> = Promise.resolve();
  #nextFlush: Promise<void> | undefined;
  readonly #lagging = new Map<string, { readonly key: LogKey; readonly to: Offset }>();
  #laggingSince: MonotonicMs | undefined;
  #laggingBytes = 0;
  #makeRoom: () => Promise<boolean> = () => Promise.resolve(false);

  private constructor(disk: Disk, clock: Clock, state: JournalState, file: OpenFile) {
    this.#disk = disk;
    this.#clock = clock;
    this.#state = state;
    this.isDamaged = state.isDamaged;
    this.#file = file.file;
    this.#bytes = file.bytes;
  }

  /**
   * Reads the journal and writes it anew, since what is read after a crash may be in the page cache
   * only (L7). A missing file is damage unless `isFirst`.
   */
  static async open(disk: Disk, clock: Clock, isFirst: boolean): Promise<Journal> {
    const state = new JournalState();
    const bytes = await readWhole(disk, path);
    if (bytes !== undefined) replay(state, bytes);
    else state.isDamaged = !isFirst;
    return new Journal(disk, clock, state, await writeAnew(disk, state));
  }

  /** How to get room for a line on a full disk (L9); it answers whether there is any now. */
  onFull(makeRoom: () => Promise<boolean>): void {
    this.#makeRoom = makeRoom;
  }

  votes(): readonly JournalVote[] {
    return this.#state.votes();
  }

  entries(): readonly JournalEntry[] {
    return this.#state.entries();
  }

  mark(key: LogKey): DurableMark | undefined {
    return this.#state.mark(key);
  }

  logStartOffset(key: LogKey): Offset | undefined {
    return this.#state.start(key);
  }

  persistVotes(votes: readonly JournalVote[]): Promise<void> {
    const records = votes.map((vote): JournalRecord => ({ type: 'vote', ...voteOf(vote) }));
    return this.#commit(this.#state.isDamaged ? [...records, { type: 'repaired' }] : records);
  }

  /** Keeps something of others under a key; undefined takes it away. */
  persistEntry(key: string, json: string | undefined): Promise<void> {
    return this.#commit([{ type: 'entry', key, json: json ?? null }]);
  }

  persistLogStart(key: LogKey, at: Offset): Promise<void> {
    return this.#commit([{ type: 'start', ...keyOf(key), at }]);
  }

  /**
   * Says how far the log is durable at once, forgetting any mark that lags. `isCut`: it is about to
   * be cut there.
   */
  persistMark(key: LogKey, to: Offset, isCut = false): Promise<void> {
    this.#lagging.delete(idOf(key));
    return this.#commit([{ type: 'mark', ...keyOf(key), to, ...(isCut ? { cut: true } : {}) }]);
  }

  /**
   * An fsync has returned: the log is durable to there. Written later, with something else or when
   * due (L2).
   */
  noteDurable(key: LogKey, to: Offset, bytes: number): void {
    this.#lagging.set(idOf(key), { key, to });
    this.#laggingBytes += bytes;
    this.#laggingSince ??= this.#clock.monotonicMs();
  }

  /** Whether marks lag further behind than L2 allows: time for `writeMarks`. */
  get isMarkDue(): boolean {
    if (this.#laggingBytes >= limits.markLagBytesMax) return true;
    const since = this.#laggingSince;
    return since !== undefined && this.#clock.monotonicMs() - since >= limits.markLagMsMax;
  }

  /** Makes every mark exact. */
  async writeMarks(): Promise<void> {
    if (this.#lagging.size > 0) await this.#commit([]);
  }

  async close(): Promise<void> {
    await this.#settled;
    await this.#file.close();
  }

  #commit(records: readonly JournalRecord[]): Promise<void> {
    this.#pending.push(...records);
    if (this.#nextFlush === undefined) {
      const flush = this.#settled.then(() => this.#flush());
      this.#nextFlush = flush;
      this.#settled = flush.catch(() => undefined);
    }
    return this.#nextFlush;
  }

  async #flush(): Promise<void> {
    this.#nextFlush = undefined;
    const marks = [...this.#lagging.values()];
    const records = [...marks.map(markOf), ...this.#pending];
    this.#pending = [];
    if (records.length === 0) return;
    await this.#append(encodeGroup(records));
    for (const record of records) this.#state.apply(record);
    this.#forgetLagging(marks);
    if (this.#bytes > limits.journalBytesMax) await this.#shorten();
  }

  /**
   * Retention, votes and marks must go on where nothing fits any more: they may use the reserve
   * (L9).
   */
  async #append(line: Uint8Array): Promise<void> {
    try {
      await this.#writeLine(line);
    } catch (error) {
      if (!isFull(error) || !(await this.#makeRoom())) throw error;
      await this.#writeLine(line);
    }
    await this.#file.sync();
    this.#bytes += line.length;
  }

  async #writeLine(line: Uint8Array): Promise<void> {
    try {
      await this.#file.write(this.#bytes, [line]);
    } catch (error) {
      // No half line may stay: the next one would stand behind it and make it look like rot.
      if (isFull(error)) await this.#file.truncate(this.#bytes);
      throw error;
    }
  }

  #forgetLagging(written: readonly { readonly key: LogKey; readonly to: Offset }[]): void {
    for (const mark of written) {
      if (this.#lagging.get(idOf(mark.key)) === mark) this.#lagging.delete(idOf(mark.key));
    }
    this.#laggingBytes = 0;
    this.#laggingSince = this.#lagging.size > 0 ? this.#clock.monotonicMs() : undefined;
  }

  /** Starts a fresh file with what still counts. On a full disk the long one stays in use. */
  async #shorten(): Promise<void> {
    await toleratingNoSpace(async () => {
      const old = this.#file;
      const fresh = await writeAnew(this.#disk, this.#state);
      this.#file = fresh.file;
      this.#bytes = fresh.bytes;
      await old.close();
    });
  }
}

interface OpenFile {
  readonly file: DiskFile;
  readonly bytes: number;
}

function replay(state: JournalState, bytes: Uint8Array): void {
  const { records, isDamaged } = decodeGroups(bytes);
  for (const record of records) state.apply(record);
  if (!isDamaged) return;
  state.isDamaged = true;
  state.forgetMarks();
}

/**
 * Written under another name, fsynced, renamed, name fsynced: at every moment one whole journal is
 * there.
 */
async function writeAnew(disk: Disk, state: JournalState): Promise<OpenFile> {
  const line = encodeGroup(state.records());
  const file = await openFresh(disk, freshPath);
  try {
    await file.write(0, [line]);
    await file.sync();
    await disk.rename(freshPath, path);
    await disk.syncDir('');
  } catch (error) {
    await file.close();
    if (isFull(error)) await unlinkIfThere(disk, freshPath);
    throw error;
  }
  return { file, bytes: line.length };
}

const keyOf = ({ topicId, partition }: LogKey): LogKey => ({ topicId, partition });

const voteOf = ({ topicId, partition, leaderEpoch, votedFor }: JournalVote): JournalVote => ({
  topicId,
  partition,
  leaderEpoch,
  votedFor,
});

const markOf = ({ key, to }: { readonly key: LogKey; readonly to: Offset }): JournalRecord => ({
  type: 'mark',
  ...keyOf(key),
  to,
});
