import type { Uuid } from '../../base/brand.ts';
import type { TopicValue } from '../../wire/state/state-codec.ts';
import type { PartitionTable } from '../partition-table.ts';
import { clusterTopicName } from './cluster-state.ts';
import type { Membership } from './membership.ts';
import { placeTopic, type ClusterMember } from './place-topic.ts';

export interface PlacementOptions {
  readonly self: { readonly nodeId: number; readonly directoryId: Uuid };
  readonly partitions: PartitionTable;
  readonly membership: () => Membership | undefined;
  /** Those that are placed already. */
  readonly topics: () => Iterable<TopicValue>;
  readonly isGivenUp: (directoryId: Uuid) => boolean;
}

/** Where the replicas of a new topic go. */
export class Placement {
  readonly #options: PlacementOptions;

  constructor(options: PlacementOptions) {
    this.#options = options;
  }

  /** Those that can keep a copy. */
  get dataNodes(): number {
    if (this.#options.membership() === undefined) return 1;
    return this.#members().filter(({ isWitness }) => !isWitness).length;
  }

  /** The nodes of each partition, the preferred leader first. Empty: a cluster of one. */
  assign(topic: {
    readonly partitions: number;
    readonly replicas?: number;
  }): TopicValue['assignments'] {
    if (this.#options.membership() === undefined) return [];
    const { partitions, replicas = 0 } = topic;
    return placeTopic({ partitions, replicas }, this.#members(), this.#options.topics())
      .assignments;
  }

  /** Every node whose disk is known: it introduced itself, or votes on `__cluster`. */
  #members(): ClusterMember[] {
    const { self, partitions, membership, isGivenUp } = this.#options;
    const members = new Map<number, ClusterMember>();
    const voters = partitions.find(clusterTopicName, 0)?.voters?.voters ?? [];
    for (const { nodeId, directoryId, role } of voters) {
      members.set(nodeId, { nodeId, directoryId, isWitness: role === 'witness' });
    }
    const clusterId = membership()?.clusterId;
    for (const said of membership()?.peers.introductions().values() ?? []) {
      const { nodeId, directoryId, isWitness } = said;
      if (said.clusterId === clusterId && !isGivenUp(directoryId))
        members.set(nodeId, { nodeId, directoryId, isWitness });
    }
    const isWitness = members.get(self.nodeId)?.isWitness ?? false;
    members.set(self.nodeId, { nodeId: self.nodeId, directoryId: self.directoryId, isWitness });
    return [...members.values()].sort((a, b) => a.nodeId - b.nodeId);
  }
}
