import { describe, expect, it } from 'vitest';
import { leaderEpoch, monotonicMs, offset, uuid } from '../../../../src/base/brand.ts';
import { utf8Decode } from '../../../../src/base/bytes.ts';
import { limits } from '../../../../src/base/limits.ts';
import { ClusterState } from '../../../../src/core/cluster/cluster-state.ts';
import type { InternalTopic } from '../../../../src/core/cluster/internal-topic.ts';
import type { Effect } from '../../../../src/core/effect.ts';
import { NodeForwarding } from '../../../../src/core/forward/node-forwarding.ts';
import type { ForwardMark } from '../../../../src/core/forward/supervision.ts';
import { PartitionTable } from '../../../../src/core/partition-table.ts';
import type { ViewChange } from '../../../../src/ports/state-view.ts';
import { encodeForwarded, encodeTopic, unplaced } from '../../../../src/wire/state/state-codec.ts';
import { at, newPartition } from '../partition-world.ts';

/** A node that leads one partition, with others or alone; commits to `__cluster` wait. */
function newNode({ voters = 3, keepUnforwarded = true } = {}) {
  const { partition } = newPartition();
  const replicas = { voters: Array.from({ length: voters }, (_, i) => i) };
  Object.defineProperty(partition, 'voters', { value: replicas });
  const { topicId } = partition;
  const cluster = new ClusterState();
  const partitions = new PartitionTable(true);
  partitions.add(partition);
  const topic = { name: 'sensors', topicId, partitions: 1, internal: false, keepUnforwarded };
  const ages = { retentionMs: 1, retentionBytes: -1 };
  cluster.apply('topic/sensors', encodeTopic({ ...unplaced, ...topic, ...ages }));
  const waiting: { readonly changes: readonly ViewChange[]; readonly done: () => void }[] = [];
  const commit = (changes: readonly ViewChange[], done: () => void): void =>
    void waiting.push({ changes, done });
  const effects: Effect[] = [];
  let nowMs = 0;
  const node = new NodeForwarding({
    forwardedTopics: ['sensors'],
    dropsOldest: false,
    ...{ cluster, partitions },
    log: () => ({ commit }) as unknown as InternalTopic,
    random: { next: () => 0.5, uuid: () => uuid('decision') },
    now: () => at(nowMs),
    emit: (effect) => void effects.push(effect),
  });
  node.start();
  const mark = (forwardOffset: number, baseOffset?: number, epoch = partition.leaderEpoch) => ({
    ...{ topicId, partition: 0, centralClusterId: 'central', leaderEpoch: epoch },
    forwardOffset: offset(forwardOffset),
    ...(baseOffset !== undefined && {
      lastForwarded: { leaderEpoch: epoch, baseOffset: offset(baseOffset), crc: 7 },
    }),
  });
  const commitAll = (): string[] => {
    const taken = waiting.splice(0);
    for (const { changes, done } of taken) {
      for (const { key, value } of changes) cluster.apply(utf8Decode(key), value);
      done();
    }
    return taken.flatMap(({ changes }) =>
      changes.map(({ key, value }) => `${value ? '' : 'no '}${utf8Decode(key)}`),
    );
  };
  const pass = (ms: number): void => {
    nowMs += ms;
    node.tick(at(nowMs));
  };
  const ask = (attempt: ForwardMark): readonly boolean[] => {
    effects.length = 0;
    node.heard({ type: 'ForwardAsked', askId: 1, attempt, from: offset(1) });
    return answers();
  };
  const answers = (): boolean[] =>
    effects.flatMap((effect) => (effect.type === 'AnswerForwarder' ? [effect.isAllowed] : []));
  const progress = (to: ForwardMark): void => node.heard({ type: 'ForwardProgressed', mark: to });
  const key = (epoch: number): string => `forwarded/${topicId}/0/${epoch}`;
  const parts = { node, partition, cluster, effects, waiting };
  return { ...parts, mark, commitAll, pass, ask, answers, progress, key };
}

describe('where central stands, in __cluster too (X1, X4)', () => {
  it('is committed before the first data goes to a central, once', () => {
    const { ask, mark, answers, commitAll, progress, key, cluster, partition } = newNode();
    expect(ask(mark(1))).toEqual([true]);
    progress(mark(1));
    expect(ask(mark(5, 3))).toEqual([]);
    expect(commitAll()).toEqual([key(partition.leaderEpoch)]);
    expect(answers()).toEqual([true]);
    progress(mark(5, 3));
    expect(ask(mark(9, 6))).toEqual([true]);
    const told = cluster.forwarded(partition.topicId, 0);
    expect(told).toEqual({ mark: mark(1), attempt: mark(5, 3) });
  });

  it('costs a node that is alone nothing', () => {
    const { ask, mark, progress, pass, waiting, node } = newNode({ voters: 1 });
    expect(ask(mark(5, 3))).toEqual([true]);
    progress(mark(5, 3));
    expect(node.nextDeadline()).toBeUndefined();
    pass(limits.forwardMarkLagMs);
    expect(waiting).toEqual([]);
  });

  it('is committed with each attempt where drops are possible', () => {
    const { ask, mark, commitAll, progress, effects } = newNode({ keepUnforwarded: false });
    for (const forwardOffset of [5, 9]) {
      expect(ask(mark(forwardOffset, forwardOffset - 1))).toEqual([]);
      expect(commitAll()).toHaveLength(1);
      expect(effects.map(({ type }) => type)).toContain('StoreForwardAttempt');
      progress(mark(forwardOffset, forwardOffset - 1));
    }
  });

  it('lags by some seconds, one commit at a time', () => {
    const { mark, progress, pass, waiting, commitAll, node, cluster, partition } = newNode();
    progress(mark(5, 3));
    pass(limits.forwardMarkLagMs - 1);
    expect(waiting).toEqual([]);
    progress(mark(9, 6));
    pass(1);
    expect(waiting).toHaveLength(1);
    progress(mark(12, 9));
    pass(limits.forwardMarkLagMs);
    expect([waiting.length, node.nextDeadline()]).toEqual([1, undefined]);
    commitAll();
    pass(0);
    commitAll();
    expect(cluster.forwarded(partition.topicId, 0)?.mark).toEqual(mark(12, 9));
  });

  it('is the word of the later leader, whatever an earlier one still sends', () => {
    const { mark, progress, pass, commitAll, key, cluster, partition, node } = newNode();
    const [older, own, later] = [0, 1, 2].map((more) => partition.leaderEpoch - 1 + more);
    const apply = (epoch = 0, stand: ForwardMark): unknown =>
      cluster.apply(key(epoch), encodeForwarded({ mark: stand, attempt: undefined }));
    const known = (): number | undefined => node.ledger.mark(partition.topicId, 0)?.forwardOffset;
    apply(older, mark(4, 2));
    expect(known()).toBe(4);
    progress(mark(9, 6));
    expect(known()).toBe(9);
    pass(limits.forwardMarkLagMs);
    expect(commitAll()).toEqual([key(own ?? 0), `no ${key(older ?? 0)}`]);
    apply(older, mark(90, 80));
    expect([known(), cluster.forwarded(partition.topicId, 0)?.mark]).toEqual([9, mark(9, 6)]);
    apply(later, mark(7, 5));
    expect(known()).toBe(7);
    expect(node.ledger.deletableTo(partition)).toBe(5);
  });

  it('is not waited for by who does not lead any more', () => {
    const { ask, mark, answers, commitAll, partition } = newNode();
    expect(ask(mark(5, 3))).toEqual([]);
    partition.replica.resign(monotonicMs(1));
    commitAll();
    expect(answers()).toEqual([false]);
    expect(ask(mark(9, 6))).toEqual([false]);
  });

  it('goes with the end of a decision, and bounds nothing before it', () => {
    const { node, mark, progress, commitAll, key, partition } = newNode();
    const { topicId } = partition;
    progress(mark(90, 80));
    const asked = { topic: 'sensors', partition: 0, from: 10 };
    node.heard({ type: 'ForwardDecided', requestId: 1, ...asked });
    commitAll();
    expect(node.ledger.deletableTo(partition)).toBeUndefined();
    progress(mark(10));
    const decisionId = 'decision';
    node.heard({ type: 'ForwardDecisionApplied', topicId, partition: 0, decisionId });
    expect(commitAll()).toEqual([
      key(leaderEpoch(partition.leaderEpoch)),
      `no forward/${topicId}/0`,
    ]);
    expect(node.ledger.mark(topicId, 0)).toEqual(mark(10));
  });
});
