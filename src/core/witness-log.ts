import { assert } from '../base/assert.ts';
import {
  leaderEpoch as toEpoch,
  logGeneration,
  offset,
  type LeaderEpoch,
  type LogGeneration,
  type Offset,
} from '../base/brand.ts';
import type { EpochStart } from '../ports/recovered-log.ts';
import type { WitnessState } from '../ports/witness-state.ts';
import { LeaderEpochCache } from './replica/leader-epoch-cache.ts';
import type { LogStart } from './replica/log-start.ts';
import type { EpochEnd, ReplicaLog } from './replica/replica-log.ts';
import type { VoterHistory } from './replica/voter-set.ts';

export interface WitnessLogOptions {
  /** Those of the log; a cut or reset of it moves them before the state is stored. */
  readonly voters: VoterHistory;
  /** Makes a state durable, in the order of the calls; answered by `stored`. */
  readonly store: (generation: LogGeneration, state: WitnessState) => void;
}

/**
 * What a witness keeps of a log: where it begins and ends, its epochs and voters (V3). All of it is
 * stored with each change, so a cut needs no order of its own: the disk has the state before or the
 * one after, and below the cut both say the same (L3).
 */
export class WitnessLog implements ReplicaLog {
  readonly #options: WitnessLogOptions;
  #epochs: LeaderEpochCache;
  #generation = logGeneration(0);
  #logStartOffset: Offset;
  #logEndOffset: Offset;
  #persistedOffset: Offset;

  /** @param state as it is on the disk. */
  constructor(state: WitnessState, options: WitnessLogOptions) {
    this.#options = options;
    this.#epochs = new LeaderEpochCache(state.epochStarts, state.epochBeforeStart);
    this.#logStartOffset = state.logStartOffset;
    this.#logEndOffset = state.endOffset;
    this.#persistedOffset = state.endOffset;
  }

  /** It has no bytes that could rot. */
  get isWhole(): boolean {
    return true;
  }

  get logStartOffset(): Offset {
    return this.#logStartOffset;
  }

  get logEndOffset(): Offset {
    return this.#logEndOffset;
  }

  get persistedOffset(): Offset {
    return this.#persistedOffset;
  }

  get lastEpoch(): LeaderEpoch {
    return this.#epochs.latest?.leaderEpoch ?? this.#epochs.epochBefore ?? toEpoch(0);
  }

  endOffsetOf(epoch: LeaderEpoch): EpochEnd | undefined {
    return this.#epochs.endOffsetOf(epoch, this.#logEndOffset);
  }

  /** Its leader's log goes on to `end`; its voters are in the history already. */
  extend(end: Offset, epochs: readonly EpochStart[]): void {
    assert(end > this.#logEndOffset, 'a log grows');
    for (const { leaderEpoch, startOffset } of epochs)
      this.#epochs.assign(leaderEpoch, startOffset);
    this.#logEndOffset = end;
    this.#store();
  }

  /** @returns false if it speaks of a state that is gone (L4). */
  stored(generation: LogGeneration, endOffset: Offset): boolean {
    if (generation !== this.#generation) return false;
    assert(endOffset <= this.#logEndOffset, 'stored past the log end');
    if (endOffset > this.#persistedOffset) this.#persistedOffset = endOffset;
    return true;
  }

  truncateTo(end: Offset): void {
    this.#generation = logGeneration(this.#generation + 1);
    this.#logEndOffset = end;
    this.#epochs.truncated(end);
    if (this.#persistedOffset > end) this.#persistedOffset = end;
    this.#options.voters.truncated(end);
    this.#store();
  }

  resetTo({ logStartOffset, epochBefore, voters }: LogStart): void {
    this.#generation = logGeneration(this.#generation + 1);
    this.#logStartOffset = logStartOffset;
    this.#logEndOffset = logStartOffset;
    this.#epochs = new LeaderEpochCache([], epochBefore);
    // Nothing of it is durable before the reset is.
    this.#persistedOffset = offset(0);
    this.#options.voters.reset(voters, logStartOffset);
    this.#store();
  }

  /** The leader's log lost its beginning: epochs that ended there are of no use any more. */
  logStartAdvanced(to: Offset): void {
    this.#logStartOffset = to;
    this.#epochs.logStartAdvanced(to);
    this.#store();
  }

  #store(): void {
    const { voters, store } = this.#options;
    store(this.#generation, {
      logStartOffset: this.#logStartOffset,
      endOffset: this.#logEndOffset,
      epochStarts: [...this.#epochs.starts],
      voters: voters.sets.map(({ from, set }) => ({ from, voters: set.voters })),
      epochBeforeStart: this.#epochs.epochBefore ?? toEpoch(0),
    });
  }
}
