import { utf8Encode } from '../../base/bytes.ts';
import { limits } from '../../base/limits.ts';
import { encodeProducerIdBlock } from '../../wire/state/state-codec.ts';
import { clusterKeys, type ClusterState } from './cluster-state.ts';
import type { InternalTopic } from './internal-topic.ts';

/**
 * Gives out blocks of producer ids on the leader of `__cluster`. The record that takes a block is
 * this leader's decision: where it is not committed under it, nobody has the block, and the leader
 * that comes next begins behind what is committed (P4).
 */
export class ProducerIdBlocks {
  readonly #cluster: ClusterState;
  /** Behind the last block that was begun here. */
  #next = 0;

  constructor(cluster: ClusterState) {
    this.#cluster = cluster;
  }

  /** @param taken is told the block's first id; undefined: it was not committed. */
  take(log: InternalTopic, taken: (first: number | undefined) => void): void {
    const first = Math.max(this.#next, this.#cluster.nextProducerId);
    this.#next = first + limits.producerIdBlockSize;
    const value = encodeProducerIdBlock({ nextProducerId: this.#next });
    const change = { key: utf8Encode(clusterKeys.producerIds), value };
    log.decide([change], (isCommitted) => taken(isCommitted ? first : undefined));
  }
}
