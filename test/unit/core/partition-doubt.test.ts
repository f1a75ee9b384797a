import { describe, expect, it } from 'vitest';
import { leaderEpoch, monotonicMs, offset } from '../../../src/base/brand.ts';
import type { ProduceOutcome } from '../../../src/core/kafka/broker-view.ts';
import { makeBatch } from '../log/log-fixture.ts';
import { newLeader as newVoters } from './voters-world.ts';

function newLeader() {
  const world = newVoters();
  const { partition } = world;
  const produceWith = (way: 'produce' | 'produceOfSession') => {
    return (producerId: bigint, sequence: number): ProduceOutcome[] => {
      const outcomes: ProduceOutcome[] = [];
      const batch = makeBatch({ base: 0, producerId, sequence });
      partition[way](batch, (outcome) => outcomes.push(outcome));
      return outcomes;
    };
  };
  const produce = produceWith('produceOfSession');
  return { ...world, produce, produceOfClient: produceWith('produce') };
}

const outOfOrder = { ok: false, error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' };
const notLeader = { ok: false, error: 'NOT_LEADER_OR_FOLLOWER' };

describe('what a leader says is not in its log', () => {
  it('is said once the leader is confirmed, of an unknown producer and of a gap', () => {
    const { partition, follow, produce } = newLeader();
    expect(partition.isLeader).toBe(true);
    follow(2);
    const first = produce(7n, 0);
    follow(2);
    expect(first).toEqual([{ ok: true, baseOffset: offset(1), logStartOffset: offset(0) }]);
    const [unknown, gap] = [produce(8n, 5), produce(7n, 2)];
    expect([...unknown, ...gap]).toEqual([]);
    follow(2);
    expect([unknown, gap]).toEqual([[outOfOrder], [outOfOrder]]);
  });

  it('is said to Kafka clients then, too: some give up for good, others send it anew', () => {
    const { partition, follow, produceOfClient } = newLeader();
    follow(2);
    produceOfClient(7n, 0);
    follow(2);
    const gap = produceOfClient(7n, 2);
    expect(gap).toEqual([]);
    follow(2);
    expect(gap).toEqual([outOfOrder]);
    const other = produceOfClient(7n, 2);
    partition.replica.epochBegun(
      { leaderId: 3, leaderEpoch: leaderEpoch(partition.leaderEpoch + 1) },
      monotonicMs(6_000),
    );
    expect(other).toEqual([notLeader]);
  });

  it('is not said by one that was deposed meanwhile: its successor may have it (P5)', () => {
    const { partition, follow, produce } = newLeader();
    follow(2);
    const unknown = produce(8n, 5);
    partition.replica.epochBegun(
      { leaderId: 3, leaderEpoch: leaderEpoch(partition.leaderEpoch + 1) },
      monotonicMs(6_000),
    );
    expect(unknown).toEqual([notLeader]);
    expect(produce(8n, 5)).toEqual([notLeader]);
  });
});
