import { describe, expect, it } from 'vitest';
import { leaderEpoch, offset, uuid } from '../../../../src/base/brand.ts';
import { ClusterState } from '../../../../src/core/cluster/cluster-state.ts';
import type { InternalTopic } from '../../../../src/core/cluster/internal-topic.ts';
import type { Effect } from '../../../../src/core/effect.ts';
import { NodeForwarding } from '../../../../src/core/forward/node-forwarding.ts';
import { PartitionTable } from '../../../../src/core/partition-table.ts';
import { encodeTopic, unplaced } from '../../../../src/wire/state/state-codec.ts';
import { at } from '../partition-world.ts';
import { newLeader } from '../voters-world.ts';

/** A node that leads one of three copies of a forwarded partition; its records may be dropped. */
function newForwarding() {
  const { partition, follow } = newLeader();
  follow(2);
  follow(2);
  const cluster = new ClusterState();
  const partitions = new PartitionTable(true);
  partitions.add(partition);
  const topic = {
    ...unplaced,
    ...{ name: 'sensors', topicId: partition.topicId, partitions: 1, internal: false },
    ...{ keepUnforwarded: false, retentionMs: 1, retentionBytes: -1 },
  };
  cluster.apply('topic/sensors', encodeTopic(topic));
  const effects: Effect[] = [];
  /** Commits of `__cluster` that wait for its leader. */
  const commits: (() => void)[] = [];
  const log = { commit: (_: unknown, done: () => void) => void commits.push(done) };
  const world = { hasLog: true };
  const forwarding = new NodeForwarding({
    ...{ forwardedTopics: ['sensors'], dropsOldest: false, cluster, partitions },
    log: () => (world.hasLog ? (log as unknown as InternalTopic) : undefined),
    random: { next: () => 0, uuid: () => uuid(partition.topicId) },
    now: () => at(6_000),
    emit: (effect) => effects.push(effect),
  });
  const attemptAt = (forwardOffset: number) => ({
    topicId: uuid(partition.topicId),
    partition: 0,
    centralClusterId: 'central',
    leaderEpoch: partition.leaderEpoch,
    forwardOffset: offset(forwardOffset),
    lastForwarded: { leaderEpoch: leaderEpoch(1), baseOffset: offset(0), crc: 7 },
  });
  const ask = (askId: number, attempt: ReturnType<typeof attemptAt>): void =>
    forwarding.heard({ type: 'ForwardAsked', askId, attempt, from: offset(0) });
  return { world, effects, commits, attemptAt, ask };
}

describe('a transaction that other nodes must know of first', () => {
  it('waits for the commit, then for the journal', () => {
    const { effects, commits, attemptAt, ask } = newForwarding();
    const attempt = attemptAt(5);
    ask(1, attempt);
    expect(effects).toEqual([]);
    commits[0]?.();
    expect(effects).toEqual([{ type: 'StoreForwardAttempt', askId: 1, attempt }]);
  });

  it('is not stored once a newer one was asked for: an attempt never goes back', () => {
    const { effects, commits, attemptAt, ask } = newForwarding();
    const newer = attemptAt(7);
    ask(1, attemptAt(5));
    ask(2, newer);
    commits[0]?.();
    commits[1]?.();
    expect(effects).toEqual([
      { type: 'AnswerForwarder', askId: 1, isAllowed: false },
      { type: 'StoreForwardAttempt', askId: 2, attempt: newer },
    ]);
  });

  it('is refused where `__cluster` is not there, so that it is asked for again', () => {
    const { world, effects, attemptAt, ask } = newForwarding();
    world.hasLog = false;
    ask(1, attemptAt(5));
    expect(effects).toEqual([{ type: 'AnswerForwarder', askId: 1, isAllowed: false }]);
  });
});
