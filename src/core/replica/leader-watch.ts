import type { MonotonicMs } from '../../base/brand.ts';

/** A refused connection starts the pre-vote after a random time between these (T3). */
const refusedMsMin = 50;
const refusedMsMax = 150;
/** Who is not the first successor of a leader that goes leaves that one the time for a vote. */
const firstSuccessorMs = 200;

export interface LeaderWatchOptions {
  readonly fetchTimeoutMs: number;
  /** Uniform in [0, 1). */
  readonly random: { next(): number };
  /** See ReplicaOptions. */
  readonly stepShare: () => number;
  /** When something of that node was heard last; undefined: never. */
  readonly heardAt: (nodeId: number) => MonotonicMs | undefined;
}

/**
 * Whom a replica follows, and until when it waits for it. What was heard of the leader's node is
 * asked for when the timer fires, so that its bytes cost nothing (T2).
 */
export class LeaderWatch {
  readonly #options: LeaderWatchOptions;
  #leaderId: number | undefined;
  /**
   * A leader's node refused a connection then: nobody waits for its silence to last. Kept when
   * another voter, that has not noticed yet, names it as the leader again.
   */
  #refusal: { readonly nodeId: number; readonly atMs: MonotonicMs } | undefined;
  #electionAtMs: number;
  /** Votes asked for since a leader was known. */
  #votes = 0;

  /** @param firstAtMs when it waits no longer, if it never hears of a leader; undefined: drawn. */
  constructor(options: LeaderWatchOptions, now: MonotonicMs, firstAtMs?: MonotonicMs) {
    this.#options = options;
    this.#electionAtMs = firstAtMs ?? this.#draw(now);
  }

  get leaderId(): number | undefined {
    return this.#leaderId;
  }

  get electionAtMs(): number {
    return this.#electionAtMs;
  }

  /** @returns whether it is another one than before. */
  follow(leaderId: number | undefined): boolean {
    if (this.#leaderId === leaderId) return false;
    this.#leaderId = leaderId;
    if (leaderId !== undefined) this.#votes = 0;
    return true;
  }

  /** Waits a whole timeout from now on; for a leader whose node refuses connections a little. */
  arm(now: MonotonicMs): void {
    this.#electionAtMs = this.#draw(now);
    if (this.#isRefused) this.armSoon(now);
  }

  /** Waits a little: others may have the same news. */
  armSoon(now: MonotonicMs): void {
    this.#electionAtMs = Math.min(this.#electionAtMs, this.#soon(now));
  }

  /** It asks for votes: a whole timeout for the answers. */
  armVote(now: MonotonicMs): void {
    this.#votes++;
    this.arm(now);
  }

  /**
   * A vote was refused: it is split, or that voter may never give one. Waits a little, and twice as
   * long after each vote, or the answers of slow voters would always come too late.
   */
  armAgain(now: MonotonicMs): void {
    const waitMs = (this.#soon(now) - now) * 2 ** Math.max(this.#votes - 1, 0);
    const againAtMs = now + Math.min(waitMs, this.#options.fetchTimeoutMs);
    this.#electionAtMs = Math.min(this.#electionAtMs, againAtMs);
  }

  /** Another one campaigns now, whatever it was that this one wanted to do. */
  armAfterFirst(now: MonotonicMs): void {
    this.#electionAtMs = this.#soon(now) + firstSuccessorMs;
  }

  /** The leader's node refuses connections; once is enough, or each link would draw a time. */
  refused(now: MonotonicMs): void {
    if (this.#isRefused) return;
    if (this.#leaderId !== undefined) this.#refusal = { nodeId: this.#leaderId, atMs: now };
    this.armSoon(now);
  }

  /** Nothing of it was heard for the fetch timeout, or it refuses connections; true without one. */
  isSilent(now: MonotonicMs): boolean {
    const heard = this.#heard();
    return heard === undefined || now - heard >= this.#options.fetchTimeoutMs;
  }

  /** The timer fired and nothing was heard meanwhile; else it waits on. */
  isDue(now: MonotonicMs): boolean {
    if (now < this.#electionAtMs) return false;
    const heard = this.#heard();
    if (heard === undefined) return true;
    const again = this.#draw(heard);
    if (again <= now) return true;
    this.#electionAtMs = again;
    return false;
  }

  /** The leader is one whose node refused a connection, and that was not heard since. */
  get #isRefused(): boolean {
    const id = this.#leaderId;
    if (id === undefined || this.#refusal?.nodeId !== id) return false;
    const heard = this.#options.heardAt(id);
    return heard === undefined || heard <= this.#refusal.atMs;
  }

  /** Undefined too if it refused since. */
  #heard(): MonotonicMs | undefined {
    if (this.#leaderId === undefined || this.#isRefused) return undefined;
    return this.#options.heardAt(this.#leaderId);
  }

  #soon(now: MonotonicMs): number {
    return now + refusedMsMin + this.#options.stepShare() * (refusedMsMax - refusedMsMin);
  }

  #draw(from: MonotonicMs): number {
    return from + this.#options.fetchTimeoutMs * (1 + this.#options.random.next());
  }
}
