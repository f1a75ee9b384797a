import type { TopicValue } from '../../wire/state/state-codec.ts';
import type { ClusterState } from './cluster-state.ts';
import type { Membership } from './membership.ts';
import { placeTopic, type ClusterMember } from './place-topic.ts';

export interface PlacementOptions {
  readonly membership: () => Pick<Membership, 'members'> | undefined;
  /** What is decided of nodes and topics, and where those are placed. */
  readonly state: () => ClusterState;
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
    const topics = this.#options.state().topics();
    return placeTopic({ partitions, replicas }, this.#members(), topics).assignments;
  }

  #members(): readonly ClusterMember[] {
    const { membership, state } = this.#options;
    return membership()?.members(state()) ?? [];
  }
}
