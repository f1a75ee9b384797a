import { describe, expect, it } from 'vitest';
import { leaderEpoch, monotonicMs, uuid } from '../../../src/base/brand.ts';
import { limits } from '../../../src/base/limits.ts';
import { ClusterState } from '../../../src/core/cluster/cluster-state.ts';
import type { LedStatus } from '../../../src/core/cluster-status.ts';
import { LeaderHints } from '../../../src/core/cluster/leader-hints.ts';
import type { Partition } from '../../../src/core/partition.ts';
import { PartitionPlaces } from '../../../src/core/partition-places.ts';
import type { WitnessReplica } from '../../../src/core/witness-replica.ts';
import { encodeTopic, unplaced } from '../../../src/wire/state/state-codec.ts';

const topicId = uuid('0e8f1a52-9a53-4a55-8f30-0f4f6a1e9b01');
const sensors = { name: 'sensors', topicId };
const replica = (nodeId: number, isWitness = false) => ({
  ...{ nodeId, directoryId: topicId, isWitness },
});

/** Node 9 keeps nothing of a topic on the nodes 2 and 3, with the witness 4. */
class PlacesWorld {
  readonly hints = new LeaderHints();
  readonly connected = new Set([2, 3, 4]);
  readonly asked: ((led: readonly LedStatus[]) => void)[] = [];
  own: Partial<Partition> | undefined;
  witness: Partial<WitnessReplica> | undefined;
  ms = 100_000;
  readonly places: PartitionPlaces;

  constructor(assignments = [[replica(2), replica(3), replica(4, true)]]) {
    const cluster = new ClusterState();
    const rest = { internal: false, keepUnforwarded: true, retentionMs: -1, retentionBytes: -1 };
    const topic = { ...unplaced, ...sensors, ...rest, partitions: 1, assignments };
    cluster.apply('topic/sensors', encodeTopic(topic));
    this.places = new PartitionPlaces({
      partitions: { findById: () => this.own as Partition | undefined },
      witnesses: { find: () => this.witness as WitnessReplica | undefined },
      ...{ cluster, hints: this.hints },
      isConnected: (nodeId) => this.connected.has(nodeId),
      askLed: (done) => void this.asked.push(done),
      now: () => monotonicMs(this.ms),
    });
  }

  get leaderId(): number | undefined {
    return this.places.find(sensors, 0)?.leaderId;
  }

  /** The others say who leads. */
  told(leader: number, epoch: number): void {
    const led = { topicId, partition: 0, leader, leaderEpoch: epoch } as unknown as LedStatus;
    this.asked.shift()?.([led]);
  }
}

describe('PartitionPlaces', () => {
  it('knows its own, and what it is a witness of', () => {
    const world = new PlacesWorld();
    world.witness = {
      replica: { leaderId: 3, leaderEpoch: leaderEpoch(6) } as WitnessReplica['replica'],
      replicaIds: [2, 3],
    };
    const place = { leaderId: 3, leaderEpoch: 6, replicaIds: [2, 3], inSyncIds: [2, 3] };
    expect(world.places.find(sensors, 0)).toEqual(place);
    world.own = { leaderId: 9, leaderEpoch: leaderEpoch(7) };
    expect(world.places.find(sensors, 0)).toBe(world.own);
    expect(world.asked).toEqual([]);
  });

  it('names the preferred leader of any other, and the true one once the others were asked', () => {
    const world = new PlacesWorld();
    expect(world.places.find(sensors, 0)).toEqual({
      ...{ leaderId: 2, leaderEpoch: -1, replicaIds: [2, 3], inSyncIds: [2, 3] },
    });
    world.told(3, 6);
    expect(world.leaderId).toBe(3);
    expect(world.asked).toEqual([]);
    world.ms += limits.leaderAskMs;
    expect(world.leaderId).toBe(3);
    world.told(2, 7);
    expect(world.leaderId).toBe(2);
  });

  it('names nobody who is gone, and no witness', () => {
    const world = new PlacesWorld();
    world.connected.delete(2);
    expect(world.leaderId).toBe(3);
    world.connected.delete(3);
    expect(world.leaderId).toBeUndefined();
  });

  it('knows nothing of what nobody has placed', () => {
    const world = new PlacesWorld([]);
    expect(world.places.find(sensors, 0)).toBeUndefined();
    expect(world.asked).toEqual([]);
  });
});
