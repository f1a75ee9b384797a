import { leaderEpoch, offset, uuid, type Uuid } from '../../base/brand.ts';
import type { Result } from '../../base/result.ts';
import {
  decodeDrop,
  decodeDropped,
  decodeForwardDecision,
  decodeForwarded,
  decodeMember,
  decodeProducerIdBlock,
  decodeTopic,
  type BatchIdentityValue,
  type DropValue,
  type ForwardedValue,
  type ForwardStandValue,
  type TopicValue,
} from '../../wire/state/state-codec.ts';
import type {
  BatchIdentity,
  DropRecord,
  ForwardDecision,
  ForwardMark,
} from '../forward/supervision.ts';
import type { ClusterMember } from './place-topic.ts';
import { PromotionState } from './promotion-state.ts';

export const clusterTopicName = '__cluster';
export const sessionsTopicName = '__mqtt_sessions';

/** Keys of `__cluster`, as in state.proto. */
export const clusterKeys = {
  topic: (name: string) => `topic/${name}`,
  member: (nodeId: number) => `node/${nodeId}`,
  producerIds: 'producer-ids',
  drop: (topicId: string, partition: number, from: number) =>
    `drop/${topicId}/${partition}/${from}`,
  dropped: (topicId: string, partition: number) => `dropped/${topicId}/${partition}`,
  forwarded: (topicId: string, partition: number, epoch: number) =>
    `forwarded/${topicId}/${partition}/${epoch}`,
  givenUp: (directoryId: Uuid) => `given-up/${directoryId}`,
  promoted: (topicId: Uuid, partition: number, epoch: number) =>
    `promoted/${topicId}/${partition}/${epoch}`,
  forwardDecision: (topicId: Uuid, partition: number) => `forward/${topicId}/${partition}`,
} as const;

/**
 * What the committed records of `__cluster` say (C7): topics, the next producer-id block,
 * operators' decisions and drops. Pure bookkeeping; it is fed in offset order and decides nothing.
 */
export class ClusterState {
  readonly promotions = new PromotionState();
  readonly #topics = new Map<string, TopicValue>();
  readonly #names = new Map<string, string>();
  readonly #members = new Map<number, ClusterMember>();
  readonly #decisions = new Map<string, ForwardDecision>();
  readonly #drops = new Map<string, DropValue>();
  readonly #dropped = new Map<string, number>();
  /** By partition, then by the leader epoch in which it was said. */
  readonly #forwarded = new Map<string, Map<number, ForwardedValue>>();
  #nextProducerId = 1;

  get nextProducerId(): number {
    return this.#nextProducerId;
  }

  /** Ids below it may have been handed out without a trace: a hole took records of blocks (P4). */
  skipProducerIds(to: number): void {
    this.#nextProducerId = Math.max(this.#nextProducerId, to);
  }

  topics(): Iterable<TopicValue> {
    return this.#topics.values();
  }

  topic(name: string): TopicValue | undefined {
    return this.#topics.get(name);
  }

  topicById(topicId: string): TopicValue | undefined {
    const name = this.#names.get(topicId);
    return name === undefined ? undefined : this.#topics.get(name);
  }

  /**
   * Nodes that joined after the birth, or got another disk. Those that were born together are known
   * as voters of `__cluster`; where both speak of a node, this does.
   */
  members(): Iterable<ClusterMember> {
    return this.#members.values();
  }

  decision(topicId: Uuid, partition: number): ForwardDecision | undefined {
    return this.#decisions.get(clusterKeys.forwardDecision(topicId, partition));
  }

  /** Where central's cursor stands, or may stand, as the newest leader that said it knew (X4). */
  forwarded(
    topicId: Uuid,
    partition: number,
  ): { readonly mark?: ForwardMark; readonly attempt?: ForwardMark } | undefined {
    const said = this.#forwarded.get(`${topicId}/${partition}`);
    const newest = Math.max(-1, ...(said?.keys() ?? []));
    const value = said?.get(newest);
    if (value === undefined) return undefined;
    const toMark = (stand: ForwardStandValue): ForwardMark => ({
      ...{ topicId, partition, leaderEpoch: leaderEpoch(newest) },
      ...toStand(stand),
    });
    const { mark, attempt } = value;
    return {
      ...(mark === undefined ? {} : { mark: toMark(mark) }),
      ...(attempt === undefined ? {} : { attempt: toMark(attempt) }),
    };
  }

  /** The leader epochs of which `forwarded` has a record. */
  forwardedIn(topicId: Uuid, partition: number): number[] {
    return [...(this.#forwarded.get(`${topicId}/${partition}`)?.keys() ?? [])];
  }

  /** Records that drops took from a partition, over the life of the directory. */
  dropped(topicId: Uuid, partition: number): number {
    return this.#dropped.get(clusterKeys.dropped(topicId, partition)) ?? 0;
  }

  /** The same, of all partitions. */
  get droppedRecords(): number {
    return [...this.#dropped.values()].reduce((sum, count) => sum + count, 0);
  }

  drops(topicId: Uuid, partition: number): DropRecord[] {
    const drops: DropRecord[] = [];
    for (const drop of this.#drops.values()) {
      if (drop.topicId === topicId && drop.partition === partition) drops.push(toDropRecord(drop));
    }
    return drops.sort((a, b) => a.from - b.from);
  }

  /**
   * Applies one record; an undefined value is a tombstone.
   * @returns false if the value does not decode: the log passed its CRC, so a newer version wrote
   * it.
   */
  apply(key: string, value: Uint8Array | undefined): boolean {
    const kind = key.split('/', 1)[0];
    switch (kind) {
      case 'topic':
        return this.#applyTopic(key.slice('topic/'.length), value);
      case 'node':
        return this.#applyMember(Number(key.slice('node/'.length)), value);
      case 'producer-ids':
        return given(value && decodeProducerIdBlock(value), (block) => {
          this.#nextProducerId = Math.max(this.#nextProducerId, block.nextProducerId);
        });
      case 'forward':
        if (value === undefined) return this.#decisions.delete(key) || true;
        return given(decodeForwardDecision(value), (decision) => {
          const { decisionId, from } = decision;
          const isWord = from === 'cursor' || from === 'start';
          this.#decisions.set(key, { decisionId, from: isWord ? from : offset(Number(from)) });
        });
      case 'drop':
        if (value === undefined) return this.#drops.delete(key) || true;
        return given(decodeDrop(value), (drop) => {
          this.#drops.set(key, drop);
        });
      case 'given-up':
      case 'promoted':
        return this.promotions.apply(key, value);
      case 'forwarded':
        return this.#applyForwarded(key, value);
      case 'dropped':
        return given(value && decodeDropped(value), ({ count }) => {
          this.#dropped.set(key, count);
        });
      default:
        return false;
    }
  }

  #applyForwarded(key: string, value: Uint8Array | undefined): boolean {
    const [, topicId, partition, epoch] = key.split('/');
    const place = `${topicId}/${partition}`;
    const said = this.#forwarded.get(place) ?? new Map<number, ForwardedValue>();
    this.#forwarded.set(place, said);
    if (value === undefined) return said.delete(Number(epoch)) || true;
    return given(decodeForwarded(value), (forwarded) => {
      said.set(Number(epoch), forwarded);
    });
  }

  #applyMember(nodeId: number, value: Uint8Array | undefined): boolean {
    if (value === undefined) return this.#members.delete(nodeId) || true;
    return given(decodeMember(value), ({ directoryId, isWitness }) => {
      this.#members.set(nodeId, { nodeId, directoryId: uuid(directoryId), isWitness });
    });
  }

  #applyTopic(name: string, value: Uint8Array | undefined): boolean {
    if (value === undefined) {
      const known = this.#topics.get(name);
      if (known !== undefined) this.#names.delete(known.topicId);
      this.#topics.delete(name);
      return true;
    }
    return given(decodeTopic(value), (topic) => {
      // Its logs exist under the first id (V6); another one was decided without knowing of it.
      if ((this.#topics.get(name)?.topicId ?? topic.topicId) !== topic.topicId) return;
      this.#topics.set(name, topic);
      this.#names.set(uuid(topic.topicId), name);
    });
  }
}

function given<T>(decoded: Result<T, unknown> | undefined, use: (value: T) => void): boolean {
  if (decoded === undefined || !decoded.ok) return false;
  use(decoded.value);
  return true;
}

function toDropRecord(drop: DropValue): DropRecord {
  const { reason, count, lastForwarded } = drop;
  const range = { from: offset(drop.from), to: offset(drop.to), reason, count };
  return lastForwarded === undefined ? range : { ...range, lastForwarded: toBatch(lastForwarded) };
}

const toStand = ({ centralClusterId, forwardOffset, lastForwarded }: ForwardStandValue) => ({
  ...{ centralClusterId, forwardOffset: offset(forwardOffset) },
  ...(lastForwarded === undefined ? {} : { lastForwarded: toBatch(lastForwarded) }),
});

const toBatch = (batch: BatchIdentityValue): BatchIdentity => ({
  leaderEpoch: leaderEpoch(batch.leaderEpoch),
  baseOffset: offset(batch.baseOffset),
  crc: batch.crc,
});
