import type { SimLog, SimRecord } from '../sim-log.ts';
import { CommitEnds } from './commit-ends.ts';
import { InvariantBroken } from './invariant-broken.ts';

/** Who commits. */
export interface CommittingLeader {
  readonly nodeId: number;
  readonly leaderEpoch: number;
}

/**
 * Everything that a leader ever committed, by offset. A committed batch never changes, and none is
 * committed twice.
 */
export class CommittedLog {
  readonly #records: SimRecord[] = [];
  readonly #places = new Map<string, number>();
  readonly ends = new CommitEnds();

  get end(): number {
    return this.#records.length;
  }

  at(place: number): SimRecord | undefined {
    return this.#records[place];
  }

  /** The watermark of a leader passed an offset. */
  commit(at: number, record: SimRecord, leader: CommittingLeader): void {
    const { nodeId, leaderEpoch } = leader;
    const known = this.#records[at];
    if (known !== undefined) {
      if (isSameRecord(known, record)) return;
      fail(`${at} was committed as ${show(known)}, node ${nodeId} commits ${show(record)}`);
    }
    if (at !== this.#records.length) fail(`node ${nodeId} commits ${at} out of order`);
    this.#records[at] = record;
    this.ends.committed(leaderEpoch, at + 1);
    if (record.payload === undefined) return;
    const other = this.#places.get(record.payload);
    if (other !== undefined) fail(`${record.payload} is committed at ${other} and ${at}`);
    this.#places.set(record.payload, at);
  }

  /** Everything that was committed, or all of it below `end`: its last says so (log matching). */
  isIn(log: SimLog, end = this.#records.length): boolean {
    const last = end - 1;
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
