import type { Uuid } from '../../base/brand.ts';
import type { AssignmentValue } from '../../wire/state/state-codec.ts';

interface Hint {
  leaderEpoch: number;
  /** Undefined: one of the replicas, in turn. */
  leaderId: number | undefined;
  guess: number;
}

/**
 * Who leads the partitions that this node keeps no replica of, as far as answers tell: a node that
 * was asked in vain names the leader, or the next replica is asked. Never goes back to an older
 * leader epoch.
 */
export class LeaderHints {
  readonly #hints = new Map<string, Hint>();

  /** @param replicas as `__cluster` wants them. @returns undefined: none keeps records. */
  leaderOf(topicId: Uuid, partition: number, replicas: AssignmentValue): number | undefined {
    const hint = this.#of(topicId, partition);
    const data = replicas.filter(({ isWitness }) => !isWitness);
    return hint.leaderId ?? data[hint.guess % Math.max(data.length, 1)]?.nodeId;
  }

  /** An answer named a leader (KIP-951); id -1: it knows of none in that epoch. */
  told(
    topicId: Uuid,
    partition: number,
    leader: { readonly leaderId: number; readonly leaderEpoch: number },
  ): void {
    const hint = this.#of(topicId, partition);
    if (leader.leaderEpoch < hint.leaderEpoch) return;
    if (leader.leaderEpoch === hint.leaderEpoch && leader.leaderId < 0) return;
    hint.leaderEpoch = leader.leaderEpoch;
    hint.leaderId = leader.leaderId < 0 ? undefined : leader.leaderId;
  }

  /** The node that was asked does not lead it, or does not answer; it named nobody else. */
  failed(topicId: Uuid, partition: number, nodeId: number): void {
    const hint = this.#of(topicId, partition);
    if (hint.leaderId !== undefined && hint.leaderId !== nodeId) return;
    hint.leaderId = undefined;
    hint.guess++;
  }

  #of(topicId: Uuid, partition: number): Hint {
    const key = `${topicId}/${partition}`;
    let hint = this.#hints.get(key);
    if (hint === undefined) {
      hint = { leaderEpoch: -1, leaderId: undefined, guess: 0 };
      this.#hints.set(key, hint);
    }
    return hint;
  }
}
