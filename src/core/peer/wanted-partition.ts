import type { MonotonicMs, Offset } from '../../base/brand.ts';
import { clusterTopicName } from '../cluster/cluster-state.ts';
import type { FetchRequest, FetchVerdict } from '../replica/peer-call.ts';
import type { PeerReplica } from './peer-replica.ts';

/** One partition of a follower's fetch session, on its leader: what it asks, what it was told. */
export class WantedPartition {
  readonly replica: PeerReplica;
  /** False: its disk is behind; it asks only where this log stands. */
  wantsRecords = true;
  #request: FetchRequest;
  #verdict: FetchVerdict | undefined;
  #toldHighWatermark = -1;
  #toldLogStartOffset = -1;
  /** The last records that were sent: from where, and with the answer to which Fetch. */
  #sent: { readonly from: Offset; readonly fetch: number } | undefined;

  /** The Fetches that named it first in this leader epoch, and at this place. */
  #epochSince: number;
  #placeSince: number;

  constructor(replica: PeerReplica, request: FetchRequest, fetch: number) {
    this.replica = replica;
    this.#request = request;
    this.#epochSince = fetch;
    this.#placeSince = fetch;
  }

  get request(): FetchRequest {
    return this.#request;
  }

  /** A witness keeps those of `__cluster` alone, which it could do nothing without (V3). */
  get keepsRecords(): boolean {
    return this.#request.role !== 'witness' || this.replica.topic === clusterTopicName;
  }

  /** A Fetch names it, and counts at once (T1). */
  asked(request: FetchRequest, fetch: number, now: MonotonicMs): void {
    const { leaderEpoch, fetchOffset, lastFetchedEpoch } = this.#request;
    if (request.leaderEpoch !== leaderEpoch) {
      this.#epochSince = fetch;
      this.#placeSince = fetch;
      this.#sent = undefined;
    } else if (
      request.fetchOffset !== fetchOffset ||
      request.lastFetchedEpoch !== lastFetchedEpoch
    ) {
      this.#placeSince = fetch;
    }
    this.#request = request;
    this.askedAgain(now);
  }

  /** A Fetch of its session does not name it: it asks the same again. */
  askedAgain(now: MonotonicMs): void {
    this.#verdict = this.replica.replica.fetched(this.#request, now);
  }

  /**
   * The answer to that Fetch may speak of its place. An older one is read by what was asked then,
   * so it would be taken for an answer about another place.
   */
  isPlaceOf(fetch: number): boolean {
    return this.#placeSince <= fetch;
  }

  /** The answer to that Fetch may tell its high watermark. */
  isEpochOf(fetch: number): boolean {
    return this.#epochSince <= fetch;
  }

  /** Log, watermark or leadership changed. */
  changed(): void {
    this.#verdict = undefined;
  }

  verdict(now: MonotonicMs): FetchVerdict {
    this.#verdict ??= this.replica.replica.fetched(this.#request, now);
    return this.#verdict;
  }

  /**
   * The follower may not have seen its last records when it sent its newest Fetch: it has two in
   * progress, so it had seen all answers but the one before. What it did not take then, it wants
   * again.
   */
  isOnItsWay(newestFetch: number): boolean {
    return this.#sent?.from === this.#request.fetchOffset && this.#sent.fetch >= newestFetch - 1;
  }

  sent(fetch: number): void {
    this.#sent = { from: this.#request.fetchOffset, fetch };
  }

  get hasNews(): boolean {
    const { highWatermark, logStartOffset } = this.replica;
    return highWatermark !== this.#toldHighWatermark || logStartOffset !== this.#toldLogStartOffset;
  }

  told(): void {
    this.#toldHighWatermark = this.replica.highWatermark;
    this.#toldLogStartOffset = this.replica.logStartOffset;
  }
}
