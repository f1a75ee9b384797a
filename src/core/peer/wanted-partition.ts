import type { MonotonicMs, Offset } from '../../base/brand.ts';
import type { FetchRequest, FetchVerdict } from '../replica/peer-call.ts';
import type { PeerReplica } from './peer-replica.ts';

/** One partition of a follower's fetch session, on its leader: what it asks, what it was told. */
export class WantedPartition {
  readonly replica: PeerReplica;
  #request: FetchRequest;
  #verdict: FetchVerdict | undefined;
  #toldHighWatermark = -1;
  #toldLogStartOffset = -1;
  /** The last records that were sent: from where, and with the answer to which Fetch. */
  #sent: { readonly from: Offset; readonly fetch: number } | undefined;

  constructor(replica: PeerReplica, request: FetchRequest) {
    this.replica = replica;
    this.#request = request;
  }

  get request(): FetchRequest {
    return this.#request;
  }

  /** A Fetch names it; `now` it counts (T1). */
  asked(request: FetchRequest, now: MonotonicMs): void {
    if (request.leaderEpoch !== this.#request.leaderEpoch) this.#sent = undefined;
    this.#request = request;
    this.askedAgain(now);
  }

  /** A Fetch of its session does not name it: it asks the same again. */
  askedAgain(now: MonotonicMs): void {
    this.#verdict = this.replica.replica.fetched(this.#request, now);
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
   * The follower may not have seen its last records when it sent this Fetch: it has two in
   * progress, so it has seen all answers but the one before. What it did not take then, it wants
   * again.
   */
  isOnItsWay(fetch: number): boolean {
    return this.#sent?.from === this.#request.fetchOffset && this.#sent.fetch >= fetch - 1;
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
