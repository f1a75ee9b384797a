import {
  leaderEpoch,
  logId,
  monotonicMs,
  offset,
  timestampMs,
  uuid,
} from '../../../../src/base/brand.ts';
import { present } from '../../../../src/base/assert.ts';
import { utf8Decode } from '../../../../src/base/bytes.ts';
import { ClusterState, clusterTopicName } from '../../../../src/core/cluster/cluster-state.ts';
import { knownMembers } from '../../../../src/core/cluster/known-members.ts';
import { Promotion } from '../../../../src/core/cluster/promotion.ts';
import type { AdminAnswer, Effect } from '../../../../src/core/effect.ts';
import type { Partition } from '../../../../src/core/partition.ts';
import { PartitionTable } from '../../../../src/core/partition-table.ts';
import type { NodeFacts } from '../../../../src/core/peer/node-facts.ts';
import type { Peers } from '../../../../src/core/peer/peers.ts';
import { VoterSet, type ReplicaId } from '../../../../src/core/replica/voter-set.ts';
import type { ViewChange } from '../../../../src/ports/state-view.ts';
import { encodeTopic, unplaced } from '../../../../src/wire/state/state-codec.ts';

export const disk = (nodeId: number, nth = 0) =>
  uuid(`00000000-0000-4000-8000-0000000${nth}00${nodeId}0`);
export const topicIds = { cluster: uuid('cluster-topic'), sensors: uuid('sensors-topic') };

export const votersOf = (...nodeIds: number[]): VoterSet =>
  new VoterSet(
    nodeIds.map((nodeId) => ({ nodeId, directoryId: disk(nodeId), role: 'data' as const })),
  );

/** What a promotion sees of a log, and does with it. */
export type StubLog = { -readonly [key in keyof Partition]: Partition[key] } & {
  readonly forced: { readonly epochMin: number; readonly as: ReplicaId | undefined }[];
};

function stubLog(topic: string, topicId: Partition['topicId'], id: number): StubLog {
  const log = {
    ...{ logId: logId(id), topic, topicId, partition: 0, hasBegun: true, isLeader: false },
    ...{ leaderEpoch: leaderEpoch(4), lastEpoch: leaderEpoch(4), lastEpochStart: offset(90) },
    ...{ logEndOffset: offset(100), highWatermark: offset(100), holes: [], isAllPersisted: true },
    ...{ isEpochCommitted: false, voters: votersOf(1, 2), forced: [] as StubLog['forced'] },
    promote(epochMin: number, as: ReplicaId | undefined) {
      log.forced.push({ epochMin, as });
      log.leaderEpoch = leaderEpoch(epochMin + 1_000);
      return true;
    },
  };
  return log as unknown as StubLog;
}

/** Node 1 of a pair; node 2 is away. `__cluster` and one partition of `sensors` are here. */
export class PromotionUnit {
  readonly state = new ClusterState();
  readonly cluster = stubLog(clusterTopicName, topicIds.cluster, 0);
  readonly sensors = stubLog('sensors', topicIds.sensors, 1);
  readonly effects: Effect[] = [];
  readonly decided: (readonly ViewChange[])[] = [];
  readonly connected = new Map<number, NodeFacts>();
  facts = factsOf(1, disk(1));
  promotion: Promotion;
  readonly #later: (() => void)[] = [];
  #nowMs = 0;

  constructor(givingUp: readonly ReplicaId[] = []) {
    const partitions = new PartitionTable(false);
    for (const log of [this.cluster, this.sensors]) partitions.add(log as unknown as Partition);
    const assignment = [1, 2].map((id) => ({
      nodeId: id,
      directoryId: disk(id),
      isWitness: false,
    }));
    this.want(assignment);
    const peers = {
      introductions: () => this.connected,
      heardAt: () => undefined,
      isConnected: (nodeId: number) => this.connected.has(nodeId),
    };
    this.promotion = new Promotion({
      ...{ partitions, state: this.state, givingUp },
      facts: () => this.facts,
      peers: () => peers as unknown as Peers,
      decisions: {
        state: this.state,
        decide: (changes, done) => {
          this.decided.push(changes);
          for (const { key, value } of changes) this.state.apply(utf8Decode(key), value);
          done(true);
          return true;
        },
      },
      members: () => {
        const { voters } = present(this.cluster.voters, 'it has begun');
        const introduced = this.connected.values();
        const { clusterId } = this.facts;
        return knownMembers({ clusterId, voters, cluster: this.state, introduced });
      },
      recorded: () => undefined,
      isOpen: () => true,
      random: { next: () => 0, uuid: () => uuid('promotion') },
      now: () => ({
        monotonicMs: monotonicMs(this.#nowMs),
        wallMs: timestampMs(1_700_000_000_000),
      }),
      later: (_ms, run) => void this.#later.push(run),
      emit: (effect) => void this.effects.push(effect),
    });
  }

  /** Where the replicas of `sensors` shall be, committed. */
  want(assignment: readonly { nodeId: number; directoryId: string; isWitness: boolean }[]): void {
    const topic = {
      ...{ ...unplaced, name: 'sensors', topicId: topicIds.sensors, partitions: 1 },
      ...{ internal: false, keepUnforwarded: true, retentionMs: -1, retentionBytes: -1 },
    };
    const value = { ...topic, assignments: [assignment], wanted: [assignment] };
    this.state.apply('topic/sensors', encodeTopic(value));
  }

  ask(isConfirmed: boolean): AdminAnswer[] {
    const answers: AdminAnswer[] = [];
    this.promotion.ask(isConfirmed, (answer) => answers.push(answer));
    return answers;
  }

  /** The order to keep it is durable. */
  storeGivingUp(): void {
    for (const effect of this.effects) {
      if (effect.type === 'StoreGivingUp') this.promotion.stored(effect.disks);
    }
  }

  /** What was put off so far is done. */
  wait(ms: number): void {
    this.#nowMs += ms;
    for (const run of this.#later.splice(0)) run();
  }

  /** The forced vote is durable. */
  leadCluster(): void {
    this.cluster.isLeader = true;
    this.cluster.isEpochCommitted = true;
    this.cluster.voters = votersOf(1);
  }

  outcomes(): (string | undefined)[] {
    const [answer] = this.ask(false);
    const promotion = answer?.ok === true ? answer.promotion : undefined;
    return promotion?.partitions.map(({ outcome }) => outcome) ?? [];
  }

  /** Keys of what was committed. */
  get keys(): string[] {
    return this.decided.flat().map(({ key }) => utf8Decode(key));
  }
}

export const factsOf = (
  nodeId: number,
  directoryId: NodeFacts['directoryId'],
  former: NodeFacts['formerDirectoryIds'] = [],
): NodeFacts => ({
  ...{ clusterName: 'plant', clusterId: uuid('c'), nodeId, directoryId, startCounter: 1 },
  ...{ startIds: [], formerDirectoryIds: former, isWitness: false, peers: [], version: '1' },
  clusterTopicId: topicIds.cluster,
});
