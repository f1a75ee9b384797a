import { describe, expect, it } from 'vitest';
import { leaderEpoch, offset } from '../../../../src/base/brand.ts';
import { apiKeys } from '../../../../src/wire/kafka/api-keys.ts';
import { PeerWorld } from './peer-world.ts';

describe('VotePost (T3)', () => {
  it('carries what all partitions ask of a node in a turn in one request', () => {
    const world = new PeerWorld(3, { nodes: 2, partitions: 64 });
    world.startAll();
    world.runFor(200);
    const node = world.node(1);
    const voter = { nodeId: 2, directoryId: world.node(2).facts.directoryId };
    const asked = (): number =>
      world.requests.filter(({ from, apiKey }) => from === 1 && apiKey === apiKeys.vote).length;
    const before = asked();
    world.inTurn(node, (peers) => {
      for (const replica of node.replicas) {
        const candidate = replica.replica.self;
        const epoch = leaderEpoch(replica.replica.leaderEpoch + 7);
        const log = { lastEpoch: leaderEpoch(0), logEndOffset: offset(0) };
        const round = { candidate, voter, leaderEpoch: epoch, isPreVote: false };
        peers.askVote(replica, 2, { ...round, ...log });
      }
    });
    world.runFor(300);
    expect(asked() - before).toBe(1);
    // Each of them was heard, and said so when its vote was durable.
    const epochs = world.node(2).replicas.map(({ replica }) => replica.leaderEpoch);
    expect(Math.min(...epochs)).toBeGreaterThanOrEqual(7);
    expect(world.node(2).votes.every((vote) => vote?.votedFor === node.facts.directoryId)).toBe(
      true,
    );
    const own = node.replicas.map(({ replica }) => replica.leaderEpoch);
    expect(Math.min(...own)).toBeGreaterThanOrEqual(7);
  });

  it('elects for all partitions of a node that is gone', () => {
    const world = new PeerWorld(2, { partitions: 4, fsyncMs: () => 5, delayMs: () => 2 });
    world.startAll();
    world.runFor(4_000);
    const leader = world.node(world.leaderOf(0)?.nodeId ?? 0);
    world.crash(leader);
    world.runFor(4_000);
    for (let partition = 0; partition < 4; partition++) {
      expect(world.leaderOf(partition)?.nodeId).toBeDefined();
    }
  });

  it('lets a leader that was cut off learn who leads', () => {
    const world = new PeerWorld(5);
    world.startAll();
    world.runFor(5_000);
    const old = world.leaderOf(0)?.replica;
    const others = [1, 2, 3].filter((nodeId) => nodeId !== old?.self.nodeId);
    for (const nodeId of others) world.cut(old?.self.nodeId ?? 0, nodeId);
    world.runFor(6_000);
    expect(others).toContain(world.leaderOf(0)?.nodeId);
    expect(old?.isLeader).toBe(false);
    world.heal();
    world.runFor(6_000);
    expect(old?.leaderId).toBe(world.leaderOf(0)?.nodeId);
  });
});
