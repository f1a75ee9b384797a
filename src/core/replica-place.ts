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
   * The present leader epoch is known here to be committed, and with it all of those before: the
   * high watermark has passed its beginning (C2), or that lies below the log start.
   */
  get isLed(): boolean {
    const { log, leaderEpoch } = this;
    if (this.begun === undefined || log.lastEpoch !== leaderEpoch) return false;
    const beginsWithin = leaderEpoch > 0 && log.epochBeforeStart === leaderEpoch;
    return beginsWithin || this.highWatermark > log.lastEpochStart;
  }

  /**
   * All that was committed when this replica began to follow its leader, or when its log began
   * anew, is known here. That the epoch is committed says that only of a log that holds its
   * beginning: of one that begins within it any part of a rewrite may be missing.
   */
  get isCurrent(): boolean {
    return this.isLed && this.replica.knowsCommits;
  }

  /** Unknown at first, so nothing is readable: until an epoch commits (C2, C6). */
  get highWatermark(): Offset {
    const { logStartOffset } = this.log;
    const known = this.begun?.highWatermark ?? logStartOffset;
    return known < logStartOffset ? logStartOffset : known;
  }
}
