import { describe, expect, it } from 'vitest';
import { leaderEpoch, logGeneration, logId, monotonicMs, offset } from '../../../src/base/brand.ts';
import { ClusterState } from '../../../src/core/cluster/cluster-state.ts';
import { LocalPartitions } from '../../../src/core/local-partitions.ts';
import type { Partition } from '../../../src/core/partition.ts';
import { PartitionTable } from '../../../src/core/partition-table.ts';
import { encodeTopic, type TopicValue } from '../../../src/wire/state/state-codec.ts';
import { makeBatch } from '../log/log-fixture.ts';
import { emptyLog } from './partition-world.ts';
import { newFollower, newLeader, voter } from './voters-world.ts';

const replica = (nodeId: number) => ({ ...voter(nodeId), isWitness: false });
const [self, other] = [replica(1), replica(2)];

const topicOn = (...wanted: (typeof self)[]): TopicValue => ({
  ...{ name: 'sensors', topicId: emptyLog().topicId, partitions: 1, internal: false },
  ...{ keepUnforwarded: false, retentionMs: -1, retentionBytes: -1, minInsyncReplicas: 0 },
  ...{ replicas: 0, assignments: [[self, other]], wanted: [wanted] },
});

/** The journal of node 1 says that its copy once had 70 offsets. */
function newLocal() {
  const opened: (number | undefined)[] = [];
  const known: Partition[] = [];
  const { topicId, partition } = emptyLog();
  const cluster = new ClusterState();
  const local = new LocalPartitions({
    self: voter(1),
    ...{ isAlone: false, isWitness: false, isJournalDamaged: false, isRenewed: false },
    partitions: Object.assign(new PartitionTable(false), { findById: () => known.at(-1) }),
    cluster,
    onceHad: [{ topicId, partition, to: offset(70) }],
    openPartition: (log, onceHad) => {
      opened.push(onceHad);
      const { partition: copy } = newFollower([1, 2, 3], log.recovered, onceHad, false);
      known.push(copy);
      return copy;
    },
    closePartition: () => known.pop(),
    witnesses: { isKnown: () => false } as never,
    begun: () => undefined,
    emit: () => undefined,
  });
  /** The topic's committed record says who keeps it. */
  const want = (...wanted: (typeof self)[]) => {
    cluster.apply('topic/sensors', encodeTopic(topicOn(...wanted)));
    local.open(topicOn(...wanted));
  };
  return { local, opened, known, want };
}

describe('a copy that once had more', () => {
  it('is open with that whenever it is opened, also when it was not wanted meanwhile (V4)', () => {
    const { local, opened, known, want } = newLocal();
    local.found([{ logId: logId(0), recovered: emptyLog() }], []);
    want(other);
    expect([known, opened]).toEqual([[], [70]]);
    want(self, other);
    expect([known[0]?.hasBegun, known[0]?.onceHad, opened]).toEqual([true, 70, [70, 70]]);
  });

  it('takes part where it is not empty, wanted or not', () => {
    const { local, known, want } = newLocal();
    const epochStarts = [{ leaderEpoch: leaderEpoch(5), startOffset: offset(0) }];
    const recovered = emptyLog({ logEndOffset: offset(60), epochStarts });
    local.found([{ logId: logId(0), recovered }], []);
    want(other);
    expect(known[0]?.hasBegun).toBe(true);
  });

  it.each([
    ['as it was', false, 70],
    ['as it is, once it is whole again', true, 2],
  ] as const)('is emptied %s', (_, isWhole, onceHad) => {
    const { local } = newLocal();
    const { partition, effects } = newFollower([1, 2, 3], emptyLog(), offset(70));
    const epoch = leaderEpoch(7);
    partition.replica.epochBegun({ leaderId: 2, leaderEpoch: epoch }, monotonicMs(0));
    partition.appendFetched(makeBatch({ base: 0, records: 2, epoch }));
    partition.replica.leaderHighWatermark(epoch, offset(2));
    if (isWhole) partition.persisted(logGeneration(0), offset(2));
    local.discard(partition);
    expect(effects.at(-1)).toMatchObject({ type: 'ResetLog', onceHad });
  });
});

describe('a leader that once had more', () => {
  it('has the journal forget it when something of its epoch is committed (V4)', () => {
    const { partition, effects, follow } = newLeader([1, 2, 3], offset(0));
    expect([partition.isLeader, partition.onceHad]).toEqual([true, 0]);
    follow(2);
    follow(2);
    expect(partition.onceHad).toBeUndefined();
    expect(effects.filter(({ type }) => type === 'ForgetOnceHad')).toHaveLength(1);
  });
});
