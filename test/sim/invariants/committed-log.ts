import type { SimLog, SimRecord } from '../sim-log.ts';
import { InvariantBroken } from './invariant-broken.ts';

/**
 * Everything that a leader ever committed, by offset. A committed batch never changes, and none is
 * committed twice.
 */
export class CommittedLog {
  readonly #records: SimRecord[] = [];
  readonly #places = new Map<string, number>();

  get end(): number {
    return this.#records.length;
  }

  at(place: number): SimRecord | undefined {
    return this.#records[place];
  }

  /** A leader's watermark passed an offset. */
  commit(at: number, record: SimRecord, nodeId: number): void {
    const known = this.#records[at];
    if (known !== undefined) {
      if (isSameRecord(known, record)) return;
      fail(`${at} was committed as ${show(known)}, node ${nodeId} commits ${show(record)}`);
    }
    if (at !== this.#records.length) fail(`node ${nodeId} commits ${at} out of order`);
    this.#records[at] = record;
    if (record.payload === undefined) return;
    const other = this.#places.get(record.payload);
    if (other !== undefined) fail(`${record.payload} is committed at ${other} and ${at}`);
    this.#places.set(record.payload, at);
  }

  /** Everything that was ever committed: the last of it says so (log matching). */
  isIn(log: SimLog): boolean {
    const last = this.#records.length - 1;
    if (last < log.logStartOffset) return log.logEndOffset > last;
    return isSameRecord(this.#records[last], log.at(last));
  }
}

export const isSameRecord = (
  a: SimRecord | undefined,
  b: SimRecord | undefined,
  isWitness = false,
): boolean => a?.leaderEpoch === b?.leaderEpoch && (isWitness || a?.payload === b?.payload);

/** For people. */
export const show = (record: SimRecord | undefined): string =>
  record === undefined ? 'nothing' : `${record.payload ?? '-'}@${record.leaderEpoch}`;

function fail(text: string): never {
  throw new InvariantBroken('committed-stays', text);
}
