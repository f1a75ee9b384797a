import type { MonotonicMs, Offset } from '../../base/brand.ts';
import { offset } from '../../base/brand.ts';
import type { InSyncMember } from './in-sync-set.ts';
import type { VoterProgress } from './quorum.ts';
import type { ReplicaId, Voter } from './voter-set.ts';

/** What a leader knows of one replica in its epoch: a voter, an observer, or itself. */
export class ReplicaProgress implements VoterProgress {
  readonly replica: ReplicaId;
  /** Undefined: the leader itself, which is always in sync. */
  member: InSyncMember | undefined;
  /** It keeps what its role says, as a voter or on the way there. */
  role: Voter['role'];
  persistedOffset: Offset = offset(0);
  /** What it wanted last: what it has below it, and had where rot took some, is the leader's. */
  fetchOffset: Offset = offset(0);
  fetchedAtMs: MonotonicMs | undefined;
  /** It may have anything below it: it had it, or was offered it (V3). */
  heldOffset: Offset = offset(0);
  /** It had persisted then what it was offered; undefined: never yet. */
  caughtUpAtMs: MonotonicMs | undefined;
  /** What it was offered at some Fetch: who persisted that has kept up until then (C4). */
  #mark: { readonly end: Offset; readonly atMs: MonotonicMs } | undefined;

  constructor(replica: ReplicaId, role: Voter['role'], member: InSyncMember | undefined) {
    this.replica = replica;
    this.role = role;
    this.member = member;
  }

  get isWitness(): boolean {
    return this.role === 'witness';
  }

  get isInSync(): boolean {
    return this.member === undefined || this.member.isIn;
  }

  get isSelf(): boolean {
    return this.member === undefined;
  }

  /**
   * A Fetch of it: all below `persistedOffset` is fsynced there and is the leader's own; it may
   * have everything below `end`.
   */
  fetched(fetchOffset: Offset, persistedOffset: Offset, end: Offset, now: MonotonicMs): void {
    // What it says last, not the most it ever said: a disk may have lost some of it (V4).
    this.persistedOffset = persistedOffset;
    this.fetchOffset = fetchOffset;
    this.heldOffset = offset(Math.max(this.heldOffset, fetchOffset, end));
    this.fetchedAtMs = now;
    if (persistedOffset >= end) {
      this.#caughtUp(now);
      this.#mark = undefined;
    } else if (this.#mark === undefined) this.#mark = { end, atMs: now };
    else if (persistedOffset >= this.#mark.end) {
      this.#caughtUp(this.#mark.atMs);
      // Not with each Fetch: they come faster than a disk persists, which would never reach it.
      this.#mark = { end, atMs: now };
    }
  }

  #caughtUp(atMs: MonotonicMs): void {
    this.caughtUpAtMs = atMs;
    this.member?.caughtUp(atMs);
  }
}
