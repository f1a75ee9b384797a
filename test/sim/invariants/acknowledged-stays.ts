import { show, type CommittedLog } from './committed-log.ts';
import { InvariantBroken } from './invariant-broken.ts';

/** Every acknowledged record is in the committed log, where it was acknowledged. */
export class AcknowledgedStays {
  readonly #committed: CommittedLog;
  readonly #pending: { readonly payload: string; readonly place: number }[] = [];
  count = 0;

  constructor(committed: CommittedLog) {
    this.#committed = committed;
  }

  /** A client got its answer. */
  acknowledge(payload: string, place: number): void {
    this.count++;
    this.#pending.push({ payload, place });
  }

  /** Those of the last event; what is committed stays (`CommittedLog`). */
  check(): void {
    for (const { payload, place } of this.#pending) {
      const there = this.#committed.at(place);
      if (there?.payload === payload) continue;
      const text = `${payload} is acknowledged at ${place}, where ${show(there)} is committed`;
      throw new InvariantBroken('acknowledged-stays', text);
    }
    this.#pending.length = 0;
  }
}
