import { describe, expect, it } from 'vitest';
import { logGeneration, offset, leaderEpoch } from '../../../src/base/brand.ts';
import { utf8Encode } from '../../../src/base/bytes.ts';
import type { ProduceOutcome } from '../../../src/core/kafka/broker-view.ts';
import { scanBatches } from '../../../src/wire/kafka/batch-scan.ts';
import { decodeProducerSnapshot } from '../../../src/wire/kafka/producer-snapshot.ts';
import { RecordBatchBuilder } from '../../../src/wire/kafka/record-batch-builder.ts';
import { noRecordHeaders } from '../../../src/wire/kafka/record-headers.ts';
import { emptyLog, newPartition } from './partition-world.ts';

const batch = (baseSequence: number, values: string[], producerId = 5n) => {
  const builder = new RecordBatchBuilder(0);
  for (const value of values) builder.append(1, undefined, utf8Encode(value), noRecordHeaders);
  return builder.finish({ producerId, producerEpoch: 0, baseSequence });
};

const produced = (world: ReturnType<typeof newPartition>, bytes: Uint8Array) => {
  const outcomes: ProduceOutcome[] = [];
  world.partition.produce(bytes, (outcome) => outcomes.push(outcome));
  return outcomes;
};

describe('Partition', () => {
  it('leads a new epoch with LeaderChange first (C1), and is open when that is committed (C2)', () => {
    const world = newPartition();
    expect(world.partition).toMatchObject({ leaderEpoch: 1, highWatermark: 1 });
    expect(world.partition.isEpochCommitted).toBe(true);
  });

  it('leads in no epoch that its log has seen (C1)', () => {
    const epochStarts = [{ leaderEpoch: leaderEpoch(4), startOffset: offset(0) }];
    const recovered = emptyLog({ epochStarts, logEndOffset: offset(3) });
    const { partition } = newPartition(recovered);
    expect(partition.leaderEpoch).toBe(5);
  });

  it('answers when the batch is persisted, not before (C5)', () => {
    const world = newPartition();
    const outcomes = produced(world, batch(0, ['a', 'b']));
    expect(outcomes).toEqual([]);
    world.persistAll();
    expect(outcomes).toMatchObject([{ ok: true, baseOffset: 1 }]);
    expect(world.partition.highWatermark).toBe(3);
  });

  it('takes no record while another is about to lead, and commits what it has (T4)', () => {
    const world = newPartition();
    const before = produced(world, batch(0, ['a']));
    world.partition.refuseRecords();
    expect(produced(world, batch(1, ['b']))).toEqual([
      { ok: false, error: 'NOT_LEADER_OR_FOLLOWER' },
    ]);
    world.persistAll();
    expect(before).toMatchObject([{ ok: true }]);
  });

  it('answers a duplicate with the old offset, and not before that is committed (P2)', () => {
    const world = newPartition();
    produced(world, batch(0, ['a']));
    const again = produced(world, batch(0, ['a']));
    expect(again).toEqual([]);
    world.persistAll();
    expect(again).toMatchObject([{ ok: true, baseOffset: 1 }]);
    expect(world.partition.logEndOffset).toBe(2);
    expect(produced(world, batch(0, ['a']))).toMatchObject([{ ok: true, baseOffset: 1 }]);
  });

  it('drops a Persisted event of an older log generation (L4)', () => {
    const world = newPartition();
    const outcomes = produced(world, batch(0, ['a']));
    world.partition.persisted(logGeneration(-1), offset(2));
    expect(outcomes).toEqual([]);
  });

  it('stamps base offset and leader epoch into the bytes, outside the CRC', () => {
    const world = newPartition();
    produced(world, batch(0, ['a']));
    produced(world, batch(1, ['b']));
    expect(world.appended()).toMatchObject([
      { baseOffset: 1, leaderEpoch: 1 },
      { baseOffset: 2, leaderEpoch: 1 },
    ]);
  });

  it('rolls before the batch that would not fit, with a snapshot of the producers before it', () => {
    const world = newPartition(emptyLog(), 300);
    for (let i = 0; i < 6; i++) produced(world, batch(i, ['x'.repeat(100)]));
    const kinds = world.effects.map((effect) => effect.type);
    expect(kinds.filter((kind) => kind === 'RollLog').length).toBeGreaterThanOrEqual(2);
    expect(kinds.at(-1)).toBe('AppendBatch');
    world.effects.forEach((effect, i) => {
      if (effect.type !== 'RollLog') return;
      const snapshot = decodeProducerSnapshot(effect.producerSnapshot);
      const next = world.effects[i + 1];
      const header = next?.type === 'AppendBatch' ? scanBatches(next.batch).headers[0] : undefined;
      const known = snapshot.ok ? snapshot.value[0]?.batches.at(-1)?.lastSequence : undefined;
      expect(known).toBe((header?.baseSequence ?? 0) - 1);
    });
  });

  it('recovers its producers from snapshot and replay: a retry after a restart is a duplicate', () => {
    const before = newPartition();
    produced(before, batch(0, ['a']));
    const producerSnapshot = before.partition.producerSnapshot();
    const after = newPartition(emptyLog({ producerSnapshot, logEndOffset: offset(2) }));
    expect(produced(after, batch(0, ['a']))).toMatchObject([{ ok: true, baseOffset: 1 }]);
  });
});
