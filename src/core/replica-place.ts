import { present } from '../base/assert.ts';
import { type LeaderEpoch, type Offset } from '../base/brand.ts';
import { LogPlace } from './log-place.ts';
import type { Replica } from './replica/replica.ts';

/** What a partition lets others know of its replica: who leads it, and what is committed. */
export class ReplicaPlace extends LogPlace {
  /** Undefined: it takes no part yet. */
  protected begun: Replica | undefined;

  get hasBegun(): boolean {
    return this.begun !== undefined;
  }

  get replica(): Replica {
    return present(this.begun, 'the partition has begun');
  }

  /** Node id; undefined: none is known. */
  get leaderId(): number | undefined {
    return this.begun?.leaderId;
  }

  get isLeader(): boolean {
    return this.begun?.isLeader === true;
  }

  get leaderEpoch(): LeaderEpoch {
    return this.begun?.leaderEpoch ?? this.log.lastEpoch;
  }

  get isEpochCommitted(): boolean {
    return this.begun?.leadership?.isEpochCommitted === true;
  }

  /**
   * What is committed in the present leader epoch is known here, on the leader or a follower: the
   * log holds that epoch's beginning, and the high watermark has passed it (C2).
   */
  get isCurrent(): boolean {
    if (this.begun === undefined || this.log.lastEpoch !== this.leaderEpoch) return false;
    return this.highWatermark > this.log.lastEpochStart;
  }

  /** Unknown at first, so nothing is readable: until an epoch commits (C2, C6). */
  get highWatermark(): Offset {
    const { logStartOffset } = this.log;
    const known = this.begun?.highWatermark ?? logStartOffset;
    return known < logStartOffset ? logStartOffset : known;
  }
}
