import { describe, expect, it } from 'vitest';
import { leaderEpoch, offset, uuid } from '../../../../src/base/brand.ts';
import { ClusterState } from '../../../../src/core/cluster/cluster-state.ts';
import { ForwardLedger } from '../../../../src/core/forward/forward-ledger.ts';
import { PartitionTable } from '../../../../src/core/partition-table.ts';
import { encodeDrop, encodeTopic, unplaced } from '../../../../src/wire/state/state-codec.ts';
import { at, newPartition } from '../partition-world.ts';

function newLedger(keepUnforwarded: boolean, forwarded = ['sensors']) {
  const { partition } = newPartition();
  const cluster = new ClusterState();
  const partitions = new PartitionTable(true);
  partitions.add(partition);
  const topic = {
    ...unplaced,
    ...{ name: 'sensors', topicId: partition.topicId, partitions: 1, internal: false },
    ...{ keepUnforwarded, retentionMs: 1, retentionBytes: -1 },
  };
  cluster.apply('topic/sensors', encodeTopic(topic));
  const ledger = new ForwardLedger(forwarded, cluster, partitions);
  const mark = (forwardOffset: number, baseOffset?: number) => ({
    topicId: uuid(partition.topicId),
    partition: 0,
    centralClusterId: 'central',
    forwardOffset: offset(forwardOffset),
    ...(baseOffset === undefined
      ? {}
      : {
          lastForwarded: { leaderEpoch: leaderEpoch(1), baseOffset: offset(baseOffset), crc: 7 },
        }),
  });
  return { ledger, partition, mark, cluster };
}

describe('ForwardLedger (L10, X4)', () => {
  it('lets nothing go while the forward offset is unknown', () => {
    const { ledger, partition, mark } = newLedger(true);
    expect(ledger.deletableTo(partition)).toBeUndefined();
    ledger.progressed(mark(5));
    expect(ledger.deletableTo(partition)).toBeUndefined();
  });

  it('keeps the last forwarded batch: a taking over forwarder is compared with it', () => {
    const { ledger, partition, mark } = newLedger(true);
    ledger.progressed(mark(9, 6));
    expect(ledger.deletableTo(partition)).toBe(6);
  });

  it('is no bound for a topic that no route names', () => {
    const { ledger, partition } = newLedger(true, []);
    expect(ledger.deletableTo(partition)).toBe(partition.highWatermark);
  });

  it('describes marks and drops to the forwarder', () => {
    const { ledger, partition, mark, cluster } = newLedger(false);
    const { topicId } = partition;
    const drop = { topicId, partition: 0, from: 9, to: 50, reason: 'retention', count: 41 };
    cluster.apply(`drop/${topicId}/0/9`, encodeDrop({ ...drop, lastForwarded: undefined }));
    ledger.progressed(mark(9, 6));
    expect(ledger.describe()).toMatchObject([{ mark: { forwardOffset: 9 }, drops: [{ to: 50 }] }]);
  });

  it('describes what this node leads, and nothing else (X2)', () => {
    const { ledger, partition } = newLedger(true);
    const { leaderEpoch: epoch } = partition;
    expect(ledger.describe()).toMatchObject([{ leaderEpoch: epoch, hasPeers: false }]);
    partition.replica.resign(at(1).monotonicMs);
    expect(ledger.describe()).toEqual([]);
  });

  it('knows where central may stand until a transaction is told of', () => {
    const { ledger, partition, mark } = newLedger(true);
    ledger.restore([mark(9, 6)], [mark(20, 12)]);
    const { topicId } = partition;
    expect(ledger.stands(topicId, 0)).toEqual({ mark: mark(9, 6), attempt: mark(20, 12) });
    ledger.progressed(mark(9, 6));
    expect(ledger.stands(topicId, 0)).toEqual({ mark: mark(9, 6), attempt: undefined });
    ledger.attempted(mark(30, 22));
    expect(ledger.stands(topicId, 0).attempt).toEqual(mark(30, 22));
  });

  it('ignores a mark of a topic that it does not have', () => {
    const { ledger, mark } = newLedger(true);
    expect(ledger.progressed({ ...mark(1), topicId: uuid('gone') })).toBe(false);
  });
});
