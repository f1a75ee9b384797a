import type { Uuid } from '../../base/brand.ts';
import type { AssignmentValue } from '../../wire/state/state-codec.ts';

/** A partition that this node leads, as of now. */
export interface LedPartition {
  readonly topicId: Uuid;
  readonly partition: number;
  /** As `__cluster` wants it: the first data replica shall lead. */
  readonly assignment: AssignmentValue;
  /** Node ids of the data voters that are in sync. */
  readonly inSyncIds: readonly number[];
}

/** The leader goes, and names its successor. */
export interface HandOver {
  readonly topicId: Uuid;
  readonly partition: number;
  readonly nodeId: number;
}

/** T4: this long in sync before a node gets back what it shall lead. */
export const driftInSyncMs = 60_000;
/** Hand-overs of one round; each stops its partition for a moment. */
export const driftRoundMax = 4;
/** How often a round is due. */
export const driftRoundMs = 5_000;

/**
 * Leaders go home, slowly (T4): remembers since when each round has found the preferred leader of a
 * led partition in sync.
 */
export class LeaderDrift {
  readonly #nodeId: number;
  /** By partition, the preferred node and since when it is in sync. */
  #inSync = new Map<string, { readonly nodeId: number; readonly sinceMs: number }>();

  constructor(nodeId: number) {
    this.#nodeId = nodeId;
  }

  /**
   * One round. @param led all that this node leads; what is missing begins anew when it comes back.
   * @returns what to hand over now, in the order of `led`.
   */
  round(led: Iterable<LedPartition>, nowMs: number): HandOver[] {
    const inSync = new Map<string, { readonly nodeId: number; readonly sinceMs: number }>();
    const due: HandOver[] = [];
    for (const { topicId, partition, assignment, inSyncIds } of led) {
      const nodeId = assignment.find(({ isWitness }) => !isWitness)?.nodeId ?? this.#nodeId;
      if (nodeId === this.#nodeId || !inSyncIds.includes(nodeId)) continue;
      const key = `${topicId}/${partition}`;
      const known = this.#inSync.get(key);
      const since = known?.nodeId === nodeId ? known : { nodeId, sinceMs: nowMs };
      inSync.set(key, since);
      const isDue = nowMs - since.sinceMs >= driftInSyncMs && due.length < driftRoundMax;
      if (isDue) due.push({ topicId, partition, nodeId });
    }
    this.#inSync = inSync;
    return due;
  }
}
