import { describe, expect, it } from 'vitest';
import { limits } from '../../../../src/base/limits.ts';
import { apiKeys } from '../../../../src/wire/kafka/api-keys.ts';
import { PeerWorld } from './peer-world.ts';
import { expectEqualLogs, publishFor } from './upset-world.ts';

const fetches = (world: PeerWorld, sinceMs: number) =>
  world.requests.filter(({ ms, apiKey }) => ms >= sinceMs && apiKey === apiKeys.fetch);

describe('FollowerFetcher and FetchSession (T1, T2)', () => {
  it('acknowledges by what is fsynced, and fetches without waiting for it', () => {
    const world = new PeerWorld(2, { fsyncMs: () => 100, delayMs: () => 1 });
    world.startAll();
    world.runFor(5_000);
    const leader = world.leaderOf(0);
    world.inTurn(world.node(leader?.nodeId ?? 0), () => void leader?.publish(1));
    world.runFor(20);
    const end = leader?.logEndOffset ?? 0;
    const follower = world.nodes.find(({ nodeId }) => nodeId !== leader?.nodeId);
    expect(follower?.logs[0]?.logEndOffset).toBe(end);
    expect(leader?.highWatermark).toBe(end - 1);
    world.runFor(150);
    expect(leader?.highWatermark).toBe(end);
    expect(follower?.replicas[0]?.highWatermark).toBe(end);
  });

  it('sends a record once, and asks a few times a second while there is nothing', () => {
    const world = new PeerWorld(4, { partitions: 4, delayMs: () => 10 });
    world.startAll();
    world.runFor(6_000);
    const idleAt = world.queue.nowMs;
    world.runFor(3_000);
    const lanes = new Set(fetches(world, idleAt).map(({ from, to }) => `${from} ${to}`));
    expect(fetches(world, idleAt).length).toBeLessThan(lanes.size * 12);
    const readBefore = bytesRead(world);
    const storedBefore = bytesStored(world);
    publishFor(world, 500, 4);
    world.runFor(1_000);
    // Two followers for each record.
    expect(bytesRead(world) - readBefore).toBe(2 * (bytesStored(world) - storedBefore));
    for (let partition = 0; partition < 4; partition++) expectEqualLogs(world, partition);
  });

  it('catches up over a link of its own, then comes back', () => {
    const world = new PeerWorld(6, { fsyncMs: () => 3, delayMs: () => 5 });
    world.startAll();
    world.runFor(3_500);
    const away = world.nodes.find(({ nodeId }) => nodeId !== world.leaderOf(0)?.nodeId);
    const back = away ?? world.node(1);
    world.crash(back);
    const leader = world.leaderOf(0);
    world.inTurn(world.node(leader?.nodeId ?? 0), () => {
      for (let i = 0; i < 70_000; i++)
        leader?.log.append({ leaderEpoch: 1 as never, payload: '1' });
      leader?.publish(1);
    });
    world.runFor(1_000);
    world.start(back);
    world.runFor(4_000);
    expect(world.purposes.has('catchUp')).toBe(true);
    expectEqualLogs(world);
    const before = world.requests.length;
    publishFor(world, 100);
    const later = world.requests.slice(before);
    expect(later.some(({ purpose }) => purpose === 'fetch')).toBe(true);
    expect(later.some(({ purpose }) => purpose === 'catchUp')).toBe(false);
  });

  it('asks for no more records than may wait for a full disk, and goes on when it takes them', () => {
    const world = new PeerWorld(8, { delayMs: () => 2 });
    world.startAll();
    world.runFor(5_000);
    const leader = world.leaderOf(0);
    const full = world.nodes.find(({ nodeId }) => nodeId !== leader?.nodeId)?.replicas[0];
    if (full === undefined) throw new Error('no follower');
    full.weightBytes = 128 * 1_024;
    full.isDiskFull = true;
    const fullMs = world.queue.nowMs;
    publishFor(world, 4_000);
    const waiting = full.waitingBytes;
    expect(waiting).toBeGreaterThan(limits.fetchedBytesMax);
    expect(waiting).toBeLessThan(limits.fetchedBytesMax + 8 * full.weightBytes);
    // The others commit, it knows, and it asks as seldom as if there was nothing.
    expect(full.logEndOffset).toBeLessThan(leader?.highWatermark ?? 0);
    expect(leader?.replica.leadership?.inSync()).not.toContain(full.nodeId);
    const since = world.queue.nowMs;
    publishFor(world, 1_000);
    expect(full.waitingBytes).toBe(waiting);
    expect(fetches(world, fullMs).some(({ from }) => from === full.nodeId)).toBe(true);
    expect(fetches(world, since).filter(({ from }) => from === full.nodeId).length).toBeLessThan(
      130,
    );
    full.isDiskFull = false;
    world.runFor(3_000);
    expect(full.waitingBytes).toBe(0);
    expectEqualLogs(world);
  });

  it('lets a node that is no voter follow: it asks who leads', () => {
    const world = new PeerWorld(7, { nodes: 4, voters: [1, 2, 3] });
    world.startAll();
    world.runFor(5_000);
    publishFor(world, 300);
    world.runFor(1_000);
    expect(world.node(4).replicas[0]?.replica.leaderId).toBe(world.leaderOf(0)?.nodeId);
    expectEqualLogs(world);
    world.crash(world.node(world.leaderOf(0)?.nodeId ?? 0));
    world.runFor(5_000);
    publishFor(world, 300);
    world.runFor(1_000);
    expect(world.node(4).replicas[0]?.replica.leaderId).toBe(world.leaderOf(0)?.nodeId);
    expect(world.node(4).logs[0]?.logEndOffset).toBe(world.leaderOf(0)?.logEndOffset);
  });
});

function bytesRead(world: PeerWorld): number {
  let bytes = 0;
  for (const { replicas } of world.nodes) for (const each of replicas) bytes += each.bytesRead;
  return bytes;
}

function bytesStored(world: PeerWorld): number {
  let records = 0;
  for (const log of world.node(1).logs) records += log.logEndOffset;
  return records * 12;
}
