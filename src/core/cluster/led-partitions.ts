import type { MonotonicMs } from '../../base/brand.ts';
import { limits } from '../../base/limits.ts';
import { apiKeys } from '../../wire/kafka/api-keys.ts';
import {
  describeLedCodec,
  type DescribeLedResponse,
  type DescribeLedResponsePartition,
} from '../../wire/kafka/generated/10001-describe-led.ts';
import type { FollowerStatus, LedStatus } from '../cluster-status.ts';
import { handlerOf, type Handler } from '../kafka/handler.ts';
import type { Partition } from '../partition.ts';
import type { PartitionTable } from '../partition-table.ts';
import type { Peers } from '../peer/peers.ts';

export interface LedPartitionsOptions {
  readonly nodeId: number;
  readonly partitions: PartitionTable;
  readonly now: () => MonotonicMs;
}

/**
 * Who is in sync with a partition only its leader knows (C4), and status is to be the same on every
 * node: whoever is asked asks the others what they lead. Nothing is sent while nobody asks.
 */
export class LedPartitions {
  readonly #options: LedPartitionsOptions;

  constructor(options: LedPartitionsOptions) {
    this.#options = options;
  }

  /** What the others lead, of those that answer in time; `done` is called once. */
  ask(peers: Peers, others: readonly number[], done: (led: readonly LedStatus[]) => void): void {
    const asked = others.filter((nodeId) => peers.isConnected(nodeId));
    const led: LedStatus[] = [];
    let open = asked.length;
    if (open === 0) return done(led);
    for (const nodeId of asked) {
      const body = { nodeId: this.#options.nodeId };
      peers.call(nodeId, describeLedCodec, body, limits.peerDescribeMsMax, (answer) => {
        if (answer.ok) led.push(...toLed(answer.value));
        open--;
        if (open === 0) done(led);
      });
    }
  }

  handler(): readonly [number, Handler] {
    const handler = handlerOf(describeLedCodec, (_, { reply }) => {
      const { partitions, nodeId } = this.#options;
      reply({
        nodeId,
        partitions: [...partitions]
          .filter(({ isLeader }) => isLeader)
          .map((led) => this.#told(led)),
      });
    });
    return [apiKeys.describeLed, handler];
  }

  #told(led: Partition): DescribeLedResponsePartition {
    const { topic, topicId, partition, leaderEpoch, highWatermark } = led;
    const { logStartOffset, logEndOffset } = led;
    const { leadership } = led.replica;
    const followers = leadership?.followers(this.#options.now()) ?? [];
    return {
      ...{ topic, topicId, partition, leaderEpoch, logStartOffset, logEndOffset, highWatermark },
      isAtRisk: leadership?.isAtRisk(this.#options.now()) === true,
      replicas: led.replicaIds,
      inSync: led.inSyncIds,
      followers: followers.map((each) => ({ ...each, silentMs: each.silentMs ?? -1 })),
    };
  }
}

function toLed({ nodeId, partitions }: DescribeLedResponse): LedStatus[] {
  return partitions.map(({ isAtRisk, followers, ...led }) => ({
    ...led,
    leader: nodeId,
    atRisk: isAtRisk,
    followers: followers.map(({ silentMs, role, ...told }) => ({
      ...told,
      role: roleOf(role),
      ...(silentMs < 0 ? {} : { silentMs }),
    })),
  }));
}

const roleOf = (text: string): FollowerStatus['role'] =>
  text === 'data' || text === 'witness' ? text : 'observer';
