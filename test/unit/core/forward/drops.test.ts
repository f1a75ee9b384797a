import { describe, expect, it } from 'vitest';
import { leaderEpoch, offset, uuid, type Offset } from '../../../../src/base/brand.ts';
import { utf8Decode } from '../../../../src/base/bytes.ts';
import { ClusterState } from '../../../../src/core/cluster/cluster-state.ts';
import type { InternalTopic } from '../../../../src/core/cluster/internal-topic.ts';
import type { Effect } from '../../../../src/core/effect.ts';
import { reduceDropChange } from '../../../../src/core/forward/reduce-drop-change.ts';
import { Drops } from '../../../../src/core/forward/drops.ts';
import { ForwardLedger } from '../../../../src/core/forward/forward-ledger.ts';
import { PartitionTable } from '../../../../src/core/partition-table.ts';
import type { ViewChange } from '../../../../src/ports/state-view.ts';
import { encodeTopic, unplaced } from '../../../../src/wire/state/state-codec.ts';
import { newPartition } from '../partition-world.ts';

/** A partition of a hundred committed records, and drops whose commits wait for the test. */
function newDrops(forwarded = ['sensors']) {
  const { partition } = newPartition();
  const cluster = new ClusterState();
  const partitions = new PartitionTable(true);
  partitions.add(partition);
  const topic = {
    ...unplaced,
    ...{ name: 'sensors', topicId: partition.topicId, partitions: 1, internal: false },
    ...{ keepUnforwarded: true, retentionMs: -1, retentionBytes: -1 },
  };
  cluster.apply('topic/sensors', encodeTopic(topic));
  const ledger = new ForwardLedger(forwarded, cluster, partitions);
  const effects: Effect[] = [];
  const waiting: (() => void)[] = [];
  const world = { areCommitsHeld: false };
  const stored = new Map<string, Uint8Array | undefined>();
  const apply = (key: string, value: Uint8Array | undefined): void => {
    stored.set(
      key,
      reduceDropChange(key, value, (other) => stored.get(other)),
    );
    cluster.apply(key, stored.get(key));
  };
  const commit = (changes: readonly ViewChange[], done: () => void): void => {
    waiting.push(() => {
      for (const { key, value } of changes) apply(utf8Decode(key), value);
      done();
    });
    if (!world.areCommitsHeld) commitAll();
  };
  const commitAll = (): void => {
    for (const apply of waiting.splice(0)) apply();
  };
  const log = (): InternalTopic => ({ commit }) as unknown as InternalTopic;
  const emit = (effect: Effect): void => void effects.push(effect);
  const committed = (): void => undefined;
  const drops = new Drops({ cluster, partitions, ledger, log, committed, emit });
  const markAt = (forwardOffset: number, baseOffset?: number) => ({
    ...{ topicId: uuid(partition.topicId), partition: 0, centralClusterId: 'central' },
    forwardOffset: offset(forwardOffset),
    ...(baseOffset === undefined
      ? {}
      : {
          lastForwarded: { leaderEpoch: leaderEpoch(1), baseOffset: offset(baseOffset), crc: 7 },
        }),
  });
  /** Every offset is a record here. */
  const drop = (to: number): readonly Offset[] => {
    drops.begin(partition, offset(to), 'diskFull');
    const asked = effects.findLast((effect) => effect.type === 'CountRecords');
    const froms = asked?.to === to ? asked.froms : [];
    if (froms.length > 0) {
      const counts = froms.map((from) => Math.max(0, to - from));
      drops.counted(partition.logId, counts);
    }
    partition.logStartAdvanced(offset(to));
    drops.advanced(partition);
    return froms;
  };
  const progress = (mark: ReturnType<typeof markAt>): void => {
    drops.settle(partition, mark);
    ledger.progressed(mark);
  };
  const known = () => cluster.drops(partition.topicId, 0);
  const total = () => cluster.dropped(partition.topicId, 0);
  const seen = { drops, ledger, partition, effects, markAt, drop, progress, known, total };
  return { ...seen, world, commitAll };
}

describe('Drops (L10)', () => {
  it('tells nothing of what is forwarded: the log start moves at once', () => {
    const { ledger, markAt, drop, effects, known, total } = newDrops();
    ledger.progressed(markAt(50, 40));
    expect(drop(40)).toEqual([]);
    expect(effects.map(({ type }) => type)).toEqual(['AdvanceLogStart']);
    expect([known(), total()]).toEqual([[], 0]);
  });

  it('names the last forwarded batch that goes, also where no record is lost', () => {
    const { ledger, markAt, drop, known, total } = newDrops();
    ledger.progressed(markAt(50, 40));
    drop(45);
    const lastForwarded = { baseOffset: 40 };
    expect(known()).toMatchObject([{ from: 50, to: 50, count: 0, lastForwarded }]);
    drop(60);
    expect(known()).toMatchObject([{ from: 50, to: 60, count: 10, lastForwarded }]);
    drop(70);
    expect(known()).toMatchObject([{ from: 50, to: 70, count: 20, lastForwarded }]);
    expect(total()).toBe(20);
  });

  it('counts from the log start where central was never reached', () => {
    const { drop, known, total, progress, markAt } = newDrops();
    drop(30);
    drop(60);
    expect(known()).toMatchObject([{ from: 0, to: 60, count: 60 }]);
    progress(markAt(60));
    expect(known()).toHaveLength(1);
    progress(markAt(80, 70));
    expect([known(), total()]).toEqual([[], 60]);
  });

  it('knows both places of an unclear transaction, and keeps the true one', () => {
    const { ledger, markAt, drop, known, total, progress } = newDrops();
    ledger.progressed(markAt(10, 5));
    ledger.attempted(markAt(20, 15));
    drop(50);
    expect(known()).toMatchObject([
      { from: 10, to: 50, count: 40, lastForwarded: { baseOffset: 5 } },
      { from: 20, to: 50, count: 30, lastForwarded: { baseOffset: 15 } },
    ]);
    expect(total()).toBe(40);
    progress(markAt(20, 15));
    expect(known()).toMatchObject([{ from: 20 }]);
    expect(total()).toBe(30);
    progress(markAt(50, 15));
    expect(known()).toMatchObject([{ from: 20 }]);
    drop(70);
    expect(known()).toMatchObject([{ from: 50, to: 70, count: 20 }]);
    expect(total()).toBe(50);
  });

  it('keeps in the count what a claim tells while the next drop is under way', () => {
    const { ledger, markAt, drop, known, total, progress } = newDrops();
    ledger.progressed(markAt(10, 5));
    drop(50);
    ledger.attempted(markAt(50, 5));
    drop(70);
    expect(known()).toMatchObject([
      { from: 10, to: 70, count: 60 },
      { from: 50, to: 70, count: 20 },
    ]);
    expect(total()).toBe(60);
    progress(markAt(50, 5));
    expect(known()).toMatchObject([{ from: 50, to: 70, count: 20 }]);
    expect(total()).toBe(60);
    progress(markAt(70, 5));
    progress(markAt(90, 80));
    expect([known(), total()]).toEqual([[], 60]);
  });

  it('loses no count to a change of the total that is on its way', () => {
    const { ledger, markAt, drop, world, commitAll, progress, total } = newDrops();
    ledger.progressed(markAt(10, 5));
    ledger.attempted(markAt(20, 15));
    drop(50);
    world.areCommitsHeld = true;
    drop(60);
    progress(markAt(20, 15)); // the transaction had carried ten of them away
    commitAll();
    expect(total()).toBe(40);
  });

  it('takes back what a transaction carried away after all', () => {
    const { ledger, markAt, drop, total, known, progress } = newDrops();
    ledger.progressed(markAt(10, 5));
    ledger.attempted(markAt(80, 70));
    drop(50);
    expect(total()).toBe(40);
    progress(markAt(80, 70));
    expect([known(), total()]).toEqual([[], 0]);
  });

  it('counts again where the cursor turns out to stand at a place that it did not know', () => {
    const { drops, ledger, partition, effects, progress, markAt, known, total } = newDrops();
    ledger.progressed(markAt(10, 5));
    drops.begin(partition, offset(50), 'diskFull');
    progress(markAt(30, 25));
    drops.counted(partition.logId, [40]);
    expect(effects.at(-1)).toMatchObject({ type: 'CountRecords', froms: [30], to: 50 });
    drops.counted(partition.logId, [20]);
    expect(effects.at(-1)).toMatchObject({ type: 'AdvanceLogStart', offset: 50 });
    const lastForwarded = { baseOffset: 25 };
    expect(known()).toMatchObject([{ from: 30, to: 50, count: 20, lastForwarded }]);
    expect(total()).toBe(20);
  });

  it('names such a place in a drop that was committed before it was known', () => {
    const { ledger, markAt, drop, known, total, progress } = newDrops();
    ledger.progressed(markAt(10, 5));
    drop(50);
    progress(markAt(30, 25));
    const lastForwarded = { baseOffset: 25 };
    // Of how many it holds only the bound is known by then.
    expect(known()).toMatchObject([{ from: 30, to: 50, count: 40, lastForwarded }]);
    expect(total()).toBe(40);
  });

  it('lets no transaction begin in what goes', () => {
    const { drops, ledger, markAt, partition } = newDrops();
    ledger.progressed(markAt(10, 5));
    expect(drops.mayForward(partition, offset(10))).toBe(true);
    drops.begin(partition, offset(50), 'diskFull');
    expect(drops.mayForward(partition, offset(49))).toBe(false);
    expect(drops.mayForward(partition, offset(50))).toBe(true);
  });

  it('counts what nobody forwards too, and carries out after a crash what was committed', () => {
    const other = newDrops([]);
    other.drop(30);
    expect([other.known(), other.total()]).toEqual([[], 30]);
    const { ledger, markAt, drops, partition, effects } = newDrops();
    ledger.progressed(markAt(0));
    drops.begin(partition, offset(1), 'diskFull');
    drops.counted(partition.logId, [1]);
    effects.length = 0;
    drops.advanced(partition);
    drops.resume();
    expect(effects).toMatchObject([{ type: 'AdvanceLogStart', offset: 1 }]);
  });
});
