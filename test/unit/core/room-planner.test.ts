import { describe, expect, it } from 'vitest';
import { offset, timestampMs, type Offset } from '../../../src/base/brand.ts';
import { ClusterState } from '../../../src/core/cluster/cluster-state.ts';
import type { Effect } from '../../../src/core/effect.ts';
import type { Drops } from '../../../src/core/forward/drops.ts';
import { ForwardLedger } from '../../../src/core/forward/forward-ledger.ts';
import { PartitionTable } from '../../../src/core/partition-table.ts';
import { RoomPlanner } from '../../../src/core/room-planner.ts';
import { RecordBatchBuilder } from '../../../src/wire/kafka/record-batch-builder.ts';
import { encodeTopic, unplaced } from '../../../src/wire/state/state-codec.ts';
import { newPartition } from './partition-world.ts';

function newPlanner(options: { internal?: boolean; dropsOldest?: boolean } = {}) {
  const { internal = false, dropsOldest = true } = options;
  const { partition, persistAll } = newPartition();
  const cluster = new ClusterState();
  const partitions = new PartitionTable(true);
  partitions.add(partition);
  const topic = { name: 'sensors', topicId: partition.topicId, partitions: 1, internal };
  const keeps = { keepUnforwarded: true, retentionMs: -1, retentionBytes: -1 };
  cluster.apply('topic/sensors', encodeTopic({ ...unplaced, ...topic, ...keeps }));
  const effects: Effect[] = [];
  const begun: Offset[] = [];
  const state = { areUnderWay: false };
  const drops = {
    get areUnderWay() {
      return state.areUnderWay;
    },
    begin: (_partition: unknown, to: Offset) => void begun.push(to),
  } as unknown as Drops;
  const ledger = new ForwardLedger(['sensors'], cluster, partitions);
  const emit = (effect: Effect): void => void effects.push(effect);
  const parts = { dropsOldest, cluster, partitions, ledger, drops, emit };
  const planner = new RoomPlanner(parts);
  const produce = (): void => {
    const builder = new RecordBatchBuilder();
    builder.append(1, undefined, new Uint8Array(1), new Uint8Array(1));
    partition.produce(builder.finish(), () => undefined);
  };
  const segment = (baseOffset: number, endOffset: number, maxTimestamp = 1) => ({
    ...{ baseOffset: offset(baseOffset), endOffset: offset(endOffset) },
    ...{ bytes: 100, maxTimestamp: timestampMs(maxTimestamp) },
  });
  const list = (...segments: ReturnType<typeof segment>[]): void =>
    planner.listed([{ logId: partition.logId, segments }]);
  const asked = (): number => effects.filter(({ type }) => type === 'ListSegments').length;
  return {
    ...{ partition, persistAll, planner, produce, segment, list, asked },
    begun,
    state,
    effects,
  };
}

describe('RoomPlanner (L10)', () => {
  it('frees a sixteenth of the budget beside what is missing', () => {
    const { planner, produce, persistAll, segment, list, begun } = newPlanner();
    for (let i = 0; i < 9; i++) produce();
    persistAll();
    const segments = [segment(0, 2), segment(2, 4), segment(4, 6), segment(6, 8), segment(8, 10)];
    planner.filled(100, 1_600);
    list(...segments);
    planner.filled(101, 1_600);
    list(...segments);
    expect(begun).toEqual([4, 6]);
  });

  it('asks once, and not while a drop is under way', () => {
    const { planner, asked, list, state } = newPlanner();
    planner.filled(1, 100);
    planner.filled(1, 100);
    expect(asked()).toBe(1);
    list();
    state.areUnderWay = true;
    planner.filled(1, 100);
    expect(asked()).toBe(1);
    state.areUnderWay = false;
    planner.filled(1, 100);
    expect(asked()).toBe(2);
  });

  it('does nothing where a full disk blocks, and takes nothing from internal topics', () => {
    const blocking = newPlanner({ dropsOldest: false });
    blocking.planner.filled(1, 100);
    expect(blocking.asked()).toBe(0);
    const internal = newPlanner({ internal: true });
    internal.planner.filled(1, 100);
    internal.list(internal.segment(0, 1), internal.segment(1, 2));
    expect(internal.begun).toEqual([]);
  });

  it('seals the active segment where nothing else is there, once all of it is durable', () => {
    const { planner, produce, persistAll, segment, list, effects } = newPlanner();
    produce();
    planner.filled(1, 100);
    list(segment(0, 2));
    expect(effects.at(-1)).toEqual({ type: 'LendReserve' });
    persistAll();
    planner.filled(1, 100);
    const before = effects.length;
    list(segment(0, 2));
    expect(effects.slice(before)).toEqual([]);
    // Still there: the seal waits for room too, and nothing else makes any.
    planner.filled(1, 100);
    list(segment(0, 2));
    expect(effects.at(-1)).toEqual({ type: 'LendReserve' });
  });
});
