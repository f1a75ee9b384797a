import { describe, expect, it } from 'vitest';
import { connectionId, linkId, monotonicMs, uuid } from '../../../../src/base/brand.ts';
import { limits } from '../../../../src/base/limits.ts';
import { apiKeys } from '../../../../src/wire/kafka/api-keys.ts';
import { introduceCodec } from '../../../../src/wire/kafka/generated/10000-introduce.ts';
import { encodeRequest } from '../../../../src/wire/kafka/header.ts';
import { zeroUuid } from '../../../../src/wire/kafka/protocol-reader.ts';
import { saidFacts, type NodeFacts } from '../../../../src/core/peer/node-facts.ts';
import { directoryOf, PeerWorld } from './peer-world.ts';

describe('PeerLinks', () => {
  it('introduces itself before anything else, on every link', () => {
    const world = new PeerWorld(1, { nodes: 2 });
    world.startAll();
    world.runFor(4_000);
    const first = world.requests.filter(({ from, to }) => from === 1 && to === 2)[0];
    expect(first?.apiKey).toBe(apiKeys.introduce);
    const facts = world.peers(1).introductions().get(2);
    expect([facts?.nodeId, facts?.startCounter, facts?.clusterId]).toEqual([
      ...[2, 1, world.node(2).facts.clusterId],
    ]);
    expect(world.peers(1).heardAt(2)).toBeGreaterThan(3_000);
    expect(world.peers(1).heardAt(3)).toBeUndefined();
  });

  it('tries again after pauses that grow to a second, and hears a refusal each time', () => {
    const world = new PeerWorld(1, { nodes: 2, delayMs: () => 1 });
    world.start(world.node(1));
    const before = world.opened;
    world.runFor(200);
    expect(world.opened - before).toBeGreaterThan(1);
    world.runFor(5_000);
    const later = world.opened;
    world.runFor(10_000);
    // One link for control, one to ask who leads.
    expect(world.opened - later).toBeGreaterThan(8);
    expect(world.opened - later).toBeLessThan(45);
  });

  it('does not wait any longer for a node that introduces itself', () => {
    const world = new PeerWorld(3, { nodes: 2, delayMs: () => 1 });
    world.startAll();
    world.runFor(5_000);
    world.crash(world.node(2));
    world.runFor(20_000);
    world.start(world.node(2));
    world.runFor(50);
    expect(world.peers(2).isConnected(1)).toBe(true);
    expect(world.peers(1).isConnected(2)).toBe(true);
  });

  it('notices at once that the process of a node is gone', () => {
    const world = new PeerWorld(2, { nodes: 3, delayMs: () => 2, fsyncMs: () => 2 });
    world.startAll();
    world.runFor(5_000);
    const leader = world.node(world.leaderOf(0)?.nodeId ?? 0);
    world.crash(leader);
    world.runFor(300);
    expect(world.leaderOf(0)?.nodeId).not.toBe(leader.nodeId);
    expect(world.leaderOf(0)?.replica.isLeader).toBe(true);
  });

  it('refuses a node of another cluster, says so once, and has nothing else to do with it', () => {
    const factsOf = (nodeId: number) => (nodeId === 2 ? { clusterName: 'farm' } : {});
    const world = new PeerWorld(1, { nodes: 2, factsOf });
    world.startAll();
    world.runFor(3_000);
    expect(world.peers(1).introductions().size).toBe(0);
    expect(world.peers(1).refusals().get(2)).toContain('node 2 is of cluster farm');
    expect(world.node(1).printed).toHaveLength(1);
    expect(world.leaderOf(0)).toBeUndefined();
    expect(world.peers(1).heardAt(2)).toBeUndefined();
  });

  it('refuses a directory that was restored from a copy (V4)', () => {
    const world = new PeerWorld(1, { nodes: 2 });
    world.startAll();
    world.runFor(1_000);
    world.crash(world.node(2));
    world.node(2).facts = { ...world.node(2).facts, startCounter: -1 };
    world.start(world.node(2));
    world.runFor(2_000);
    expect(world.peers(1).refusals().get(2)).toContain('shorelog rejoin');
    expect(world.peers(2).refusals().get(1)).toContain('shorelog rejoin');
  });

  describe('an older start of a directory (V4)', () => {
    const connection = connectionId(900);
    /** Node 2 is killed, started again, and what its first start said comes to node 1 then. */
    const lateWorld = (): PeerWorld => {
      const world = new PeerWorld(1, { nodes: 2 });
      world.startAll();
      world.runFor(1_000);
      const body = { ...saidFacts(world.node(2).facts), purpose: 'control', wallMs: 0 };
      const head = { correlationId: 1, clientId: 'late' };
      const chunk = encodeRequest(introduceCodec, introduceCodec.versionMax, head, body);
      world.crash(world.node(2));
      world.start(world.node(2));
      world.runFor(3_000);
      world.inTurn(world.node(1), (peers) => {
        peers.handle({ type: 'PeerConnectionOpened', connection, from: '10.0.0.2' }, world.now);
        peers.handle({ type: 'PeerBytesReceived', connection, chunk }, world.now);
      });
      return world;
    };
    const expectNewest = (world: PeerWorld): void => {
      expect(world.peers(1).isConnected(2)).toBe(true);
      expect(world.peers(1).introductions().get(2)?.startCounter).toBe(2);
      expect(world.peers(1).refusals().size).toBe(0);
    };

    it('is no copy where its connection ends: what a killed process said comes late', () => {
      const world = lateWorld();
      world.runFor(limits.peerLastWordsMsMax - 1);
      world.inTurn(world.node(1), (peers) => peers.connectionClosed(connection, world.now));
      world.runFor(3_000);
      expect(world.node(1).printed).toEqual([]);
      expectNewest(world);
    });

    it('is a copy where it waits for an answer; the newest goes on', () => {
      const world = lateWorld();
      world.runFor(limits.peerLastWordsMsMax + 1);
      expect(world.node(1).printed).toEqual([
        expect.stringContaining('node 2 runs on a copy of its data directory'),
      ]);
      expectNewest(world);
    });
  });

  describe('a number that is used twice', () => {
    const three = [1, 2, 3].map((nodeId) => ({
      nodeId,
      isWitness: false,
      address: `h${nodeId}:1`,
    }));
    const twinWorld = (twin: Partial<NodeFacts>): PeerWorld => {
      const factsOf = (nodeId: number) => ({ peers: three, ...(nodeId === 4 ? twin : {}) });
      const world = new PeerWorld(1, { nodes: 4, partitions: 0, factsOf });
      for (const nodeId of [1, 2, 3]) world.start(world.node(nodeId));
      world.runFor(3_000);
      return world;
    };

    it.each([
      ['another disk', { nodeId: 3 }, 'give it another node.id'],
      ['a copy of its disk', { nodeId: 3, directoryId: directoryOf(3) }, 'never start both'],
    ])(
      'on %s is refused, on both sides with a line, while the first goes on',
      (_, twin, advice) => {
        const world = twinWorld({ ...twin, startCounter: 7 });
        world.start(world.node(4));
        world.runFor(10_000);
        for (const nodeId of [1, 2]) {
          const { printed } = world.node(nodeId);
          expect(printed).toHaveLength(1);
          expect(printed[0]).toContain('node 3 is there twice: the one at h3:1');
          expect(printed[0]).toContain(advice);
          expect(world.peers(nodeId).isConnected(3)).toBe(true);
          expect(world.peers(nodeId).introductions().get(3)?.startCounter).toBe(1);
        }
        expect(world.node(3).printed).toEqual([]);
        expect(world.node(4).printed).toHaveLength(2);
        expect(world.node(4).printed.join()).toContain('node 3 is there twice');
      },
    );

    it('is the second process of a node that was restarted, before its end is noticed', () => {
      const world = twinWorld({});
      for (const nodeId of [1, 2]) world.cut(nodeId, 3);
      world.crash(world.node(3));
      world.heal();
      world.start(world.node(3));
      world.runFor(6_000);
      for (const nodeId of [1, 2]) {
        expect(world.node(nodeId).printed).toEqual([]);
        expect(world.peers(nodeId).introductions().get(3)?.startCounter).toBe(2);
      }
    });

    it('is the one that is away: another comes in its place until it is back', () => {
      const world = twinWorld({ nodeId: 3 });
      world.crash(world.node(3));
      world.runFor(500);
      world.start(world.node(4));
      world.runFor(5_000);
      expect(world.node(1).printed).toEqual([]);
      world.start(world.node(3));
      world.runFor(5_000);
      expect(world.peers(1).introductions().get(3)?.directoryId).toBe(directoryOf(3));
      world.crash(world.node(4));
      world.start(world.node(4));
      world.runFor(5_000);
      expect(world.node(1).printed.join()).toContain('node 3 is there twice');
    });
  });

  it('names the address of who does not speak as a node does, once', () => {
    const world = new PeerWorld(1, { nodes: 1 });
    world.startAll();
    const say = (id: number, from: string, bytes: readonly number[]): void =>
      world.inTurn(world.node(1), (peers) => {
        const connection = connectionId(id);
        peers.handle({ type: 'PeerConnectionOpened', connection, from }, world.now);
        const chunk = Uint8Array.from(bytes);
        peers.handle({ type: 'PeerBytesReceived', connection, chunk }, world.now);
        peers.connectionClosed(connection, world.now);
      });
    for (let id = 901; id < 910; id++) say(id, '10.0.0.9', [0x47, 0x45, 0x54, 0x20]);
    expect(world.node(1).printed).toEqual([expect.stringContaining('from 10.0.0.9 on the way')]);
    // Kafka clients begin with ApiVersions: it is answered, and they leave.
    say(911, '10.0.0.8', [0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 255, 255]);
    expect(world.node(1).printed[1]).toContain('keep all but nodes off the peer port');
    const introduceOfVersion1 = [0, 0, 0, 11, 39, 16, 0, 1, 0, 0, 0, 1, 255, 255, 0];
    for (const id of [912, 913]) say(id, '10.0.0.7', introduceOfVersion1);
    expect(world.node(1).printed.slice(2)).toEqual([
      'A node at 10.0.0.7 speaks a newer version than this node: update this one too.',
    ]);
  });

  it('lets nodes that are not born see when one of them is', () => {
    const world = new PeerWorld(1, { nodes: 2, clusterId: zeroUuid });
    world.startAll();
    world.runFor(1_000);
    expect(world.peers(1).introductions().get(2)?.clusterId).toBe(zeroUuid);
    const clusterId = uuid('c3c3c3c3-0000-4000-8000-000000000000');
    world.node(1).facts = { ...world.node(1).facts, clusterId };
    world.inTurn(world.node(1), (peers) => peers.factsChanged());
    world.runFor(600);
    expect(world.peers(2).introductions().get(1)?.clusterId).toBe(clusterId);
    world.node(2).facts = { ...world.node(2).facts, clusterId };
    world.inTurn(world.node(2), (peers) => peers.factsChanged());
    world.runFor(6_000);
    expect(world.leaderOf(0)).toBeDefined();
  });

  it('drops events of links that it gave up', () => {
    const world = new PeerWorld(1, { nodes: 2 });
    world.startAll();
    const now = { ...world.now, monotonicMs: monotonicMs(1) };
    const reason = 'late';
    world.peers(1).handle({ type: 'LinkOpened', link: linkId(99) }, now);
    world.peers(1).handle({ type: 'LinkClosed', link: linkId(99), isRefused: true, reason }, now);
    expect(world.peers(1).introductions().size).toBe(0);
  });
});
