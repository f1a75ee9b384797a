import { utf8Encode } from '../../base/bytes.ts';
import { kafkaCodeOf } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { apiKeys } from '../../wire/kafka/api-keys.ts';
import { allocateProducerIdsCodec } from '../../wire/kafka/generated/67-allocate-producer-ids.ts';
import { encodeProducerIdBlock } from '../../wire/state/state-codec.ts';
import { handlerOf, type Handler } from '../kafka/handler.ts';
import { clusterKeys } from './cluster-state.ts';
import type { Decisions } from './decisions.ts';

/**
 * Gives out blocks of producer ids on the leader of `__cluster`. The record that takes a block is
 * this leader's decision: where it is not committed under it, nobody has the block, and the leader
 * that comes next begins behind what is committed (P4).
 */
export class ProducerIdBlocks {
  readonly #decisions: Decisions;
  /** It leads `__cluster` alone, which does not say yet without whom (V5). */
  readonly #isPromoting: () => boolean;

  constructor(decisions: Decisions, isPromoting: () => boolean) {
    this.#decisions = decisions;
    this.#isPromoting = isPromoting;
  }

  /**
   * @param taken is told the block's first id; undefined: it was not committed, or this node does
   * not decide.
   */
  take(taken: (first: number | undefined) => void): void {
    const skipped = this.#isPromoting() ? limits.promotedProducerIds : 0;
    const first = this.#decisions.state.nextProducerId + skipped;
    const nextProducerId = first + limits.producerIdBlockSize;
    const value = encodeProducerIdBlock({ nextProducerId });
    const change = { key: utf8Encode(clusterKeys.producerIds), value };
    const isDecided = this.#decisions.decide([change], (isCommitted) =>
      taken(isCommitted ? first : undefined),
    );
    if (!isDecided) taken(undefined);
  }

  /** Other nodes ask for one. */
  handler(): readonly [number, Handler] {
    const handler = handlerOf(allocateProducerIdsCodec, (_, { reply }) => {
      this.take((first) =>
        reply({
          ...{ throttleTimeMs: 0, producerIdLen: limits.producerIdBlockSize },
          errorCode: first === undefined ? kafkaCodeOf('NOT_LEADER_OR_FOLLOWER') : 0,
          producerIdStart: first ?? -1,
        }),
      );
    });
    return [apiKeys.allocateProducerIds, handler];
  }
}
