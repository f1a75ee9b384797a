import type { LogId, Offset } from '../../base/brand.ts';
import { offset } from '../../base/brand.ts';
import { utf8Encode } from '../../base/bytes.ts';
import type { ViewChange } from '../../ports/state-view.ts';
import { encodeDrop, encodeDropped } from '../../wire/state/state-codec.ts';
import { clusterKeys, type ClusterState } from '../cluster/cluster-state.ts';
import type { InternalTopic } from '../cluster/internal-topic.ts';
import type { Effect } from '../effect.ts';
import type { Partition } from '../partition.ts';
import type { PartitionTable } from '../partition-table.ts';
import { isSameBatch } from './cursor.ts';
import type { ForwardLedger } from './forward-ledger.ts';
import type { DropRecord, ForwardMark, ForwardStand } from './supervision.ts';

export interface DropsOptions {
  readonly cluster: ClusterState;
  readonly partitions: PartitionTable;
  readonly ledger: ForwardLedger;
  /** `__cluster`; undefined until it is replayed. */
  readonly log: () => InternalTopic | undefined;
  /** Drops were committed: the forwarder must know them before the log start moves. */
  readonly committed: () => void;
  readonly emit: (effect: Effect) => void;
}

export type DropReason = 'retention' | 'diskFull';

interface Dropping {
  readonly partition: Partition;
  readonly to: Offset;
  readonly reason: DropReason;
  /** Where central's cursor may stand, as far as it is passed. */
  readonly stands: readonly ForwardStand[];
}

/**
 * Moves log starts up, and sees to it that nothing goes silently (L10): what passes the place where
 * central's cursor stands, or may stand, is counted and committed in `__cluster` as a drop for each
 * such place, the forwarder is told, and only then the log start moves. Until it has, no
 * transaction may begin in there.
 */
export class Drops {
  readonly #options: DropsOptions;
  readonly #underWay = new Map<LogId, Dropping>();
  /** Totals as they were appended last: the committed one misses what is on its way. */
  readonly #totals = new Map<string, number>();

  constructor(options: DropsOptions) {
    this.#options = options;
  }

  isUnderWay(partition: Partition): boolean {
    return this.#underWay.has(partition.logId);
  }

  get areUnderWay(): boolean {
    return this.#underWay.size > 0;
  }

  /** Lets everything below `to` go, which is committed and ends a segment. */
  begin(partition: Partition, to: Offset, reason: DropReason): void {
    if (!partition.isEpochCommitted || this.isUnderWay(partition) || to <= partition.logStartOffset)
      return;
    const { ledger, emit } = this.#options;
    const isForwarded = ledger.isForwarded(partition);
    const stands = isForwarded ? standsPassed(this.#standsOf(partition), to) : [];
    const dropping: Dropping = { partition, to, reason, stands };
    this.#underWay.set(partition.logId, dropping);
    // Forwarded, or past its retention where nobody forwards: nothing to tell.
    const isLoss = stands.length > 0 || (!isForwarded && reason === 'diskFull');
    if (!isLoss) return this.#advance(dropping);
    const start = partition.logStartOffset;
    const froms = isForwarded ? stands.map((one) => max(one.forwardOffset, start)) : [start];
    emit({ type: 'CountRecords', logId: partition.logId, froms, to });
  }

  /** The log counted what goes, from each of the places asked for. */
  counted(logId: LogId, counts: readonly number[]): void {
    const dropping = this.#underWay.get(logId);
    if (dropping?.partition.isEpochCommitted !== true) return;
    if (this.#isOutdated(dropping)) return this.#beginAgain(dropping);
    const changes =
      dropping.stands.length > 0
        ? this.#dropChanges(dropping, counts)
        : this.#changes(dropping.partition, { drops: [], gone: [], added: counts[0] ?? 0 });
    if (changes.length === 0) return this.#advance(dropping);
    this.#options.log()?.commit(changes, () => {
      // Committed and not carried out: its successor as a leader resumes it.
      if (this.#underWay.get(logId) !== dropping) return;
      this.#options.committed();
      if (this.#isOutdated(dropping)) this.#beginAgain(dropping);
      else this.#advance(dropping);
    });
  }

  advanced(partition: Partition): void {
    this.#underWay.delete(partition.logId);
  }

  /** Only its leader drops (L10): what was under way is its successor's. */
  resigned({ logId, topicId, partition }: Partition): void {
    this.#underWay.delete(logId);
    this.#totals.delete(clusterKeys.dropped(topicId, partition));
  }

  /** `resumeOf` for all that this node leads. */
  resume(): void {
    for (const partition of this.#options.partitions) this.resumeOf(partition);
  }

  /**
   * Carries out what was committed before a crash, or by the leader before this one: the forwarder
   * may have told it to central.
   */
  resumeOf(partition: Partition): void {
    if (!partition.isEpochCommitted || this.isUnderWay(partition)) return;
    const to = Math.max(0, ...this.#known(partition).map((drop) => drop.to));
    const end = offset(Math.min(to, partition.highWatermark));
    if (end <= partition.logStartOffset) return;
    const dropping: Dropping = { partition, to: end, reason: 'diskFull', stands: [] };
    this.#underWay.set(partition.logId, dropping);
    this.#advance(dropping);
  }

  /** Whether a transaction may begin with what lies at `from`: it is ours, there, and stays. */
  mayForward(partition: Partition, from: Offset): boolean {
    if (!partition.isEpochCommitted) return false;
    const dropping = this.#underWay.get(partition.logId);
    return from >= (dropping?.to ?? partition.logStartOffset);
  }

  /**
   * Central's cursor stands at `mark` now, so of the drops of one hole at most one is true; those
   * that it has passed are told, and nobody asks for them any more. To be called before the ledger
   * takes the mark.
   */
  settle(partition: Partition, mark: ForwardMark): void {
    const known = this.#known(partition);
    if (known.length === 0) return;
    const untold = untoldOf(known, this.#markOf(partition));
    const isOfBatch = (drop: DropRecord): boolean =>
      isSameBatch(drop.lastForwarded, mark.lastForwarded);
    const kept = known.filter(
      (drop) =>
        isOfBatch(drop) && (drop.from === mark.forwardOffset || drop.to <= mark.forwardOffset),
    );
    // A cursor that still names the batch of a drop has carried nothing away of it.
    const carriedOn = mark.lastForwarded === undefined ? untold : untold.filter(isOfBatch);
    const missed = known.some(isOfBatch) ? undefined : dropAt(mark, untold);
    const lost = missed === undefined ? carriedOn : [missed];
    const gone = known.filter((drop) => !kept.includes(drop) && drop.from !== missed?.from);
    const drops = missed === undefined ? [] : [missed];
    const changes = this.#changes(partition, { drops, gone, added: mostOf(lost) - mostOf(untold) });
    if (changes.length > 0) this.#options.log()?.commit(changes, () => undefined);
  }

  /** The forwarder named a place since, which goes too and was not counted. */
  #isOutdated({ partition, to, stands }: Dropping): boolean {
    if (!this.#options.ledger.isForwarded(partition)) return false;
    const passed = standsPassed(this.#standsOf(partition), to);
    return passed.some((now) => !stands.some((one) => isSameStand(one, now)));
  }

  #beginAgain({ partition, to, reason }: Dropping): void {
    this.#underWay.delete(partition.logId);
    this.begin(partition, to, reason);
  }

  #advance({ partition, to }: Dropping): void {
    this.#options.emit({ type: 'AdvanceLogStart', logId: partition.logId, offset: to });
  }

  /** The drops of one hole, one for each place, instead of all that were known. */
  #dropChanges(
    { partition, to, reason, stands }: Dropping,
    counts: readonly number[],
  ): ViewChange[] {
    const known = this.#known(partition);
    const valid = this.#standsOf(partition);
    const drops: DropRecord[] = [];
    stands.forEach((stand, i) => {
      // Its transaction has failed, or was told of, while the records were counted.
      if (!valid.some((one) => isSameStand(one, stand))) return;
      const { forwardOffset: from, lastForwarded } = stand;
      const isGrown = from < partition.logStartOffset;
      const prior = isGrown ? known.find((drop) => isSameStand(standOf(drop), stand)) : undefined;
      const count = (prior?.count ?? 0) + (counts[i] ?? 0);
      const batch = lastForwarded === undefined ? {} : { lastForwarded };
      drops.push({ from, to: max(to, from), reason, count, ...batch });
    });
    const gone = known.filter(({ from }) => !drops.some((drop) => drop.from === from));
    const mark = this.#markOf(partition);
    const added = mostOf(untoldOf(drops, mark)) - mostOf(untoldOf(known, mark));
    return this.#changes(partition, { drops, gone, added });
  }

  /** The total first: it voids what a leader before this one has on its way. */
  #changes(
    partition: Partition,
    { drops, gone, added }: { drops: DropRecord[]; gone: DropRecord[]; added: number },
  ): ViewChange[] {
    if (added === 0 && drops.length === 0 && gone.length === 0) return [];
    const { topicId, partition: index, leaderEpoch } = partition;
    const key = clusterKeys.dropped(topicId, index);
    const before = this.#totals.get(key) ?? this.#options.cluster.dropped(topicId, index);
    const count = Math.max(0, before + added);
    this.#totals.set(key, count);
    return [
      { key: utf8Encode(key), value: encodeDropped({ count, leaderEpoch }) },
      ...drops.map((drop) => dropChange(partition, drop)),
      ...gone.map((drop) => dropChange(partition, { ...drop, isRemoved: true })),
    ];
  }

  /** Where central's cursor may stand. Before the first claim it begins where the log begins. */
  #standsOf(partition: Partition): readonly ForwardStand[] {
    const { topicId, partition: index, logStartOffset } = partition;
    const { mark, attempt } = this.#options.ledger.stands(topicId, index);
    const unclaimed = this.#known(partition).find((drop) => drop.lastForwarded === undefined);
    const first = mark ?? { forwardOffset: unclaimed?.from ?? logStartOffset };
    return attempt === undefined || isSameStand(first, attempt) ? [first] : [first, attempt];
  }

  #markOf({ topicId, partition }: Partition): ForwardMark | undefined {
    return this.#options.ledger.mark(topicId, partition);
  }

  #known({ topicId, partition }: Partition): readonly DropRecord[] {
    return this.#options.cluster.drops(topicId, partition);
  }
}

/** Those whose batch, or whose next records, lie below `to`. */
const standsPassed = (stands: readonly ForwardStand[], to: Offset): readonly ForwardStand[] =>
  stands.filter((one) => to > (one.lastForwarded?.baseOffset ?? one.forwardOffset));

/** Those that the cursor which stands at `mark` has not jumped yet. */
const untoldOf = (drops: readonly DropRecord[], mark: ForwardStand | undefined): DropRecord[] =>
  drops.filter(
    (drop) =>
      mark === undefined ||
      drop.to > mark.forwardOffset ||
      !isSameBatch(drop.lastForwarded, mark.lastForwarded),
  );

/** The drops of one hole are one loss, counted from each place where it may begin. */
const mostOf = (drops: readonly DropRecord[]): number =>
  Math.max(0, ...drops.map((drop) => drop.count));

const standOf = ({ from, lastForwarded }: DropRecord): ForwardStand => ({
  forwardOffset: from,
  ...(lastForwarded === undefined ? {} : { lastForwarded }),
});

const isSameStand = (a: ForwardStand, b: ForwardStand): boolean =>
  a.forwardOffset === b.forwardOffset && isSameBatch(a.lastForwarded, b.lastForwarded);

/**
 * What the drops of one hole are from a place that none of them names and that goes with them;
 * undefined if it stays. How much of their count was forwarded before it nobody knows any more.
 */
function dropAt(
  { forwardOffset: from, lastForwarded }: ForwardStand,
  drops: readonly DropRecord[],
): DropRecord | undefined {
  const passing = drops.filter((drop) => lastForwarded && drop.to > lastForwarded.baseOffset);
  const [first] = passing;
  if (first === undefined || lastForwarded === undefined) return undefined;
  const to = passing.reduce((end, drop) => max(end, drop.to), from);
  const count = to > from ? mostOf(passing) : 0;
  return { from, to, reason: first.reason, count, lastForwarded };
}

const dropChange = (
  { topicId, partition, leaderEpoch }: Partition,
  drop: DropRecord & { readonly isRemoved?: true },
): ViewChange => {
  const { lastForwarded } = drop;
  const key = utf8Encode(clusterKeys.drop(topicId, partition, drop.from));
  return { key, value: encodeDrop({ ...drop, topicId, partition, leaderEpoch, lastForwarded }) };
};

const max = (a: Offset, b: Offset): Offset => (a > b ? a : b);
