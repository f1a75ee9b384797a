import { leaderEpoch, offset, uuid, type LeaderEpoch, type Offset } from '../../base/brand.ts';
import type { Uuid } from '../../base/brand.ts';
import type { ReplicaId } from '../replica/voter-set.ts';
import {
  decodeGivenUp,
  decodePromoted,
  type GivenUpValue,
  type PromotedValue,
} from '../../wire/state/promotion-codec.ts';

/** One log that one node went on with alone, by an operator's word (V5). */
export interface PromotedLog {
  readonly replica: ReplicaId;
  /** It leads in this one or a later one; those that were given up led in earlier ones. */
  readonly leaderEpoch: LeaderEpoch;
  /** What others had from here on is not part of the log. */
  readonly cutOffset: Offset;
  /** Of the last batch in front of it. */
  readonly lastEpoch: LeaderEpoch;
}

/** A log by its topic and partition, with what was recorded of it. */
export interface PromotedPlace extends PromotedLog {
  readonly topicId: Uuid;
  readonly partition: number;
}

/** What the committed records of `__cluster` say of promotions (V5). */
export class PromotionState {
  /** By directory. */
  readonly #givenUp = new Map<string, GivenUpValue>();
  readonly #promoted = new Map<string, PromotedPlace>();

  /** This disk takes no part any more, whatever it holds. */
  isGivenUp(directoryId: Uuid): boolean {
    return this.#givenUp.has(directoryId);
  }

  /** A disk of that node was given up. */
  isNodeGivenUp(nodeId: number): boolean {
    return [...this.#givenUp.values()].some((each) => each.nodeId === nodeId);
  }

  get promoted(): Iterable<PromotedPlace> {
    return this.#promoted.values();
  }

  of(topicId: Uuid, partition: number): PromotedPlace[] {
    return [...this.#promoted.values()].filter(
      (each) => each.topicId === topicId && each.partition === partition,
    );
  }

  /** @returns false if the value does not decode. */
  apply(key: string, value: Uint8Array | undefined): boolean {
    if (key.startsWith('given-up/')) {
      const directoryId = key.slice('given-up/'.length);
      if (value === undefined) return this.#givenUp.delete(directoryId) || true;
      const read = decodeGivenUp(value);
      if (read.ok) this.#givenUp.set(directoryId, read.value);
      return read.ok;
    }
    if (value === undefined) return this.#promoted.delete(key) || true;
    const read = decodePromoted(value);
    if (read.ok) this.#promoted.set(key, placeOf(key, read.value));
    return read.ok;
  }
}

function placeOf(key: string, value: PromotedValue): PromotedPlace {
  const [, topicId = '', partition, epoch] = key.split('/');
  const { nodeId, directoryId, cutOffset, lastEpoch } = value;
  return {
    ...{ topicId: uuid(topicId), partition: Number(partition) },
    leaderEpoch: leaderEpoch(Number(epoch)),
    replica: { nodeId, directoryId: uuid(directoryId) },
    ...{ cutOffset: offset(cutOffset), lastEpoch: leaderEpoch(lastEpoch) },
  };
}
