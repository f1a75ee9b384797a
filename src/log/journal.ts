import type { LeaderEpoch, MonotonicMs, Offset } from '../base/brand.ts';
import { limits } from '../base/limits.ts';
import type { Clock } from '../ports/clock.ts';
import type { Disk, DiskFile } from '../ports/disk.ts';
import type { PeerStart } from '../ports/stored-facts.ts';
import type { StoredDisk, StoredVoter, VotersFrom } from '../ports/stored-voters.ts';
import type { WitnessState } from '../ports/witness-state.ts';
import { isFull, openFresh, readWhole, toleratingNoSpace, unlinkIfThere } from './files.ts';
import { decodeGroups, encodeGroup } from './journal-record.ts';
import type {
  JournalEntry,
  JournalRecord,
  JournalVote,
  LogKey,
  LogStart,
} from './journal-record.ts';
import {
  clusterRecord,
  givingUpRecord,
  onceHadRecord,
  peerStartRecord,
  storedEntries,
} from './stored-entries.ts';
import type { AdoptedCluster } from './stored-entries.ts';
import { JournalState, idOf } from './journal-state.ts';
import type { DurableMark, StoredVoters, StoredWitness } from './journal-state.ts';

const path = 'journal';
const freshPath = 'journal.new';

/**
 * The node journal (L2): one append-only file of checked lines for the whole data directory. What
 * is asked for while a flush runs goes out together with the next one. Every method that returns a
 * promise resolves when its statement is durable and rejects with DiskError; after ENOSPC the
 * caller may ask again.
 */
export class Journal {
  #isDamaged: boolean;
  readonly #disk: Disk;
  readonly #clock: Clock;
  readonly #state: JournalState;
  #file: DiskFile;
  #bytes: number;
  /** Written anew above it: twice what counted then, or each line would cost a whole file. */
  #bytesMax: number;
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
    this.#isDamaged = state.isDamaged;
    this.#file = file.file;
    this.#bytes = file.bytes;
    this.#bytesMax = bytesMaxOf(file);
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

  /**
   * The journal that this start found was damaged (V4): votes and marks may be missing, so a lone
   * voter takes the highest leader epoch in its logs + 1,000. Stays so over restarts until the
   * first vote after it is durable.
   */
  get isDamaged(): boolean {
    return this.#isDamaged;
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

  /** Undefined: not known; the log start was written before there were others to tell. */
  epochBeforeStart(key: LogKey): LeaderEpoch | undefined {
    return this.#state.epochBeforeStart(key);
  }

  /** Who votes at the log start (V1); undefined: never stored. */
  startVoters(key: LogKey): readonly StoredVoter[] | undefined {
    return this.#state.startVoters(key);
  }

  /** The durable Voters records of a log, ascending, also those that rot took since (V1). */
  voterSets(key: LogKey): readonly VotersFrom[] {
    return this.#state.voterSets(key);
  }

  /** Of every log, also of those that are not made yet. */
  allStartVoters(): readonly StoredVoters[] {
    return this.#state.allStartVoters();
  }

  /** Every witness replica that this directory keeps (V3). */
  witnesses(): readonly StoredWitness[] {
    return this.#state.witnesses();
  }

  persistVotes(votes: readonly JournalVote[]): Promise<void> {
    const records = votes.map((vote): JournalRecord => ({ type: 'vote', ...voteOf(vote) }));
    return this.#commit(this.#state.isDamaged ? [...records, { type: 'repaired' }] : records);
  }

  /** Keeps something of others under a key; undefined takes it away. */
  persistEntry(key: string, json: string | undefined): Promise<void> {
    return this.#commit([{ type: 'entry', key, json: json ?? null }]);
  }

  /** Where the log begins, with who votes there, in one step. */
  persistLogStart(key: LogKey, start: LogStart): Promise<void> {
    return this.#commit(startRecords(key, start));
  }

  /** Where the log begins that was found so; what lay below is not known. */
  keepLogStart(key: LogKey, at: Offset): Promise<void> {
    return this.#commit([{ type: 'start', ...keyOf(key), at }]);
  }

  /**
   * The log begins anew, empty: all that it holds now is about to go (L3). Start, voters and the
   * order are one line: either the old log is there after a crash, or the new one.
   */
  persistReset(key: LogKey, start: LogStart): Promise<void> {
    this.#lagging.delete(idOf(key));
    const mark = { type: 'mark', ...keyOf(key), to: start.at, cut: 'all' } as const;
    return this.#commit([...startRecords(key, start), mark]);
  }

  /** The newest start seen of a peer's directory (V4). Its count only rises. */
  async notePeerStart(start: PeerStart): Promise<void> {
    const known = storedEntries(this.entries()).peerStarts.find(
      ({ directoryId }) => directoryId === start.directoryId,
    );
    if (known !== undefined && known.startCounter > start.startCounter) return;
    const isNamed = known?.startId !== undefined;
    if (isNamed && known.startCounter === start.startCounter) return;
    await this.#commit([peerStartRecord(start)]);
  }

  /** Disks that an operator gives up; none: `__cluster` says so (V5). */
  persistGivingUp(disks: readonly StoredDisk[]): Promise<void> {
    return this.#commit([givingUpRecord(disks)]);
  }

  /** The cluster that this directory is about to belong to, and its first voters (V2). */
  persistCluster(cluster: AdoptedCluster, voters: readonly StoredVoter[]): Promise<void> {
    const key = { topicId: cluster.clusterTopicId, partition: 0 };
    return this.#commit([clusterRecord(cluster), votersRecord(key, voters)]);
  }

  /** The directory has a new id, so nothing that it promised before binds it (V4). */
  async persistRepair(): Promise<void> {
    await this.#commit([{ type: 'repaired' }]);
    this.#isDamaged = false;
  }

  /** Who votes at the log start (V1). */
  persistVoters(key: LogKey, voters: readonly StoredVoter[]): Promise<void> {
    return this.#commit([votersRecord(key, voters)]);
  }

  /**
   * Voters records of a log that are durable, behind those that are known, ascending: rot shall not
   * bring back who voted before (V1). Marks go into the same line, so each of them lies below its.
   */
  persistVoterSets(key: LogKey, sets: readonly VotersFrom[]): Promise<void> {
    return this.#commit(
      sets.map(({ from, voters }) => ({ type: 'votersAt', ...keyOf(key), from, voters })),
    );
  }

  /** All that a witness says of a partition from now on (V3). */
  persistWitness(key: LogKey, state: WitnessState): Promise<void> {
    return this.#commit([{ type: 'witness', ...keyOf(key), state }]);
  }

  /** Says how far the log is durable at once, forgetting any mark that lags. */
  persistMark(key: LogKey, to: Offset): Promise<void> {
    this.#lagging.delete(idOf(key));
    return this.#commit([{ type: 'mark', ...keyOf(key), to }]);
  }

  /** The log is about to be cut there; `onceHad`: rot took what goes, and it was that far (V4). */
  persistCut(key: LogKey, to: Offset, onceHad?: Offset): Promise<void> {
    this.#lagging.delete(idOf(key));
    const mark = { type: 'mark', ...keyOf(key), to, cut: true } as const;
    return this.#commit([mark, ...(onceHad === undefined ? [] : [onceHadRecord(key, onceHad)])]);
  }

  /**
   * The log has all that counts of what it once had, durably (V4). The marks go out in the same
   * line, in front: what rots of it from here on is a hole, never a torn tail.
   */
  forgetOnceHad(key: LogKey): Promise<void> {
    return this.#commit([onceHadRecord(key)]);
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
    const records = [...marks.map(markOf), ...this.#state.shortened(this.#pending)];
    this.#pending = [];
    if (records.length === 0) return;
    await this.#append(encodeGroup(records));
    for (const record of records) this.#state.apply(record);
    this.#forgetLagging(marks);
    if (this.#bytes > this.#bytesMax) await this.#shorten();
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
      this.#bytesMax = bytesMaxOf(fresh);
      await old.close();
    });
  }
}

interface OpenFile {
  readonly file: DiskFile;
  readonly bytes: number;
}

const bytesMaxOf = ({ bytes }: OpenFile): number => Math.max(limits.journalBytesMax, 2 * bytes);

function replay(state: JournalState, bytes: Uint8Array): void {
  const { records, isDamaged } = decodeGroups(bytes);
  for (const record of records) state.apply(record);
  if (!isDamaged) return;
  state.isDamaged = true;
  state.forgetDoubtful();
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

function startRecords(key: LogKey, start: LogStart): JournalRecord[] {
  const { at, epochBefore: before, voters, onceHad } = start;
  return [
    { type: 'start', ...keyOf(key), at, before },
    ...(voters === undefined ? [] : [votersRecord(key, voters)]),
    ...(onceHad === undefined ? [] : [onceHadRecord(key, onceHad)]),
  ];
}

const votersRecord = (key: LogKey, voters: readonly StoredVoter[]): JournalRecord => ({
  type: 'voters',
  ...keyOf(key),
  voters,
});

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
