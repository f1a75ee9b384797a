import type { StoredVote } from '../../src/core/replica/ballot.ts';
import type { VoterSet } from '../../src/core/replica/voter-set.ts';
import type { SimLog, SimRecord } from './sim-log.ts';

const show = (record: SimRecord | undefined): string =>
  record === undefined ? 'nothing' : `${record.payload ?? '-'}@${record.leaderEpoch}`;

/** What the disk of a voter really has. */
export interface DiskOfVoter {
  readonly persistedOffset: number;
  readonly isWitness: boolean;
  readonly isInSync: boolean;
}

/** Safety of one replicated log, checked after each event that could break it. */
export class GroupInvariants {
  readonly #leaders = new Map<number, number>();
  /** By disk and leader epoch. */
  readonly #votes = new Map<string, string>();
  readonly #committed: SimRecord[] = [];
  readonly #places = new Map<string, number>();
  acknowledged = 0;

  get committedEnd(): number {
    return this.#committed.length;
  }

  /** A vote is told: it is the only one of that disk in that epoch, and durable (L2). */
  voted(disk: string, epoch: number, candidate: string, onDisk: StoredVote | undefined): void {
    const key = `${disk} ${epoch}`;
    const other = this.#votes.get(key);
    if (other !== undefined && other !== candidate) {
      throw new Error(`disk ${disk} votes twice in epoch ${epoch}`);
    }
    this.#votes.set(key, candidate);
    if (onDisk?.leaderEpoch === epoch && onDisk.votedFor === candidate) return;
    throw new Error(`disk ${disk} tells a vote of epoch ${epoch} that it has not (L2)`);
  }

  /** One leader per leader epoch, and it has everything that was ever committed. */
  led(epoch: number, nodeId: number, log: SimLog): void {
    const other = this.#leaders.get(epoch);
    if (other !== undefined && other !== nodeId) {
      throw new Error(`two leaders of epoch ${epoch}: ${other} and ${nodeId}`);
    }
    if (this.#leaders.has(epoch)) throw new Error(`node ${nodeId} leads epoch ${epoch} twice (C1)`);
    this.#leaders.set(epoch, nodeId);
    if (this.hasAll(log)) return;
    const last = this.#committed.length - 1;
    throw new Error(
      `node ${nodeId} leads epoch ${epoch} with ${show(log.at(last))} at ${last}, ` +
        `where ${show(this.#committed[last])} is committed`,
    );
  }

  /** Everything that was ever committed: the last of it says so (log matching). */
  hasAll(log: SimLog): boolean {
    const last = this.#committed.length - 1;
    if (last < log.logStartOffset) return log.logEndOffset > last;
    return isSame(this.#committed[last], log.at(last), false);
  }

  /** V1: one voter at a time, the set before committed, and something of this epoch too. */
  votersChanged(
    before: VoterSet,
    next: VoterSet,
    is: { readonly forced: boolean; readonly committed: boolean; readonly epochCommitted: boolean },
  ): void {
    if (is.forced) return;
    if (!before.isOneStepTo(next)) throw new Error('voters change by more than one at a time (V1)');
    if (!is.committed) throw new Error('voters change before the last change is committed (V1)');
    if (!is.epochCommitted) throw new Error('voters change before LeaderChange is committed (V1)');
  }

  /** V1: a set is undone with its record. */
  votersOfLog(nodeId: number, known: VoterSet, logged: VoterSet): void {
    if (known.isSameAs(logged)) return;
    throw new Error(`node ${nodeId} goes by voters that its log does not name any more (V1)`);
  }

  /** C2: nothing is committed by counting but what this leader wrote, and all before it. */
  committedIn(leaderEpoch: number, log: SimLog, end: number): void {
    if (log.at(end - 1)?.leaderEpoch === leaderEpoch) return;
    throw new Error(`${end} is committed, before anything of leader epoch ${leaderEpoch} (C2)`);
  }

  /** C3, by what the disks have: a majority, the copies, and all in sync beside a witness. */
  committedBy(disks: readonly DiskOfVoter[], minInsyncReplicas: number, end: number): void {
    const have = disks.filter(({ persistedOffset }) => persistedOffset >= end);
    const copies = have.filter(({ isWitness }) => !isWitness).length;
    if (have.length * 2 <= disks.length) {
      throw new Error(`${end} is committed with ${have.length} of ${disks.length} voters (C3)`);
    }
    if (copies < minInsyncReplicas) {
      throw new Error(`${end} is committed with ${copies} of ${minInsyncReplicas} copies (C3)`);
    }
    if (!disks.some(({ isWitness }) => isWitness)) return;
    const lacking = disks.some((disk) => !disk.isWitness && disk.isInSync && !have.includes(disk));
    if (lacking) throw new Error(`${end} is committed, a data voter in sync lacks it (C3)`);
  }

  /** A watermark rose on a node: what lies below never changes, and is the same everywhere. */
  watermark(nodeId: number, log: SimLog, from: number, isWitness: boolean, to: number): void {
    if (to < from) throw new Error(`the watermark of node ${nodeId} fell from ${from} to ${to}`);
    for (let at = Math.max(from, log.logStartOffset); at < to; at++) {
      const record = log.at(at);
      if (record === undefined) {
        throw new Error(`node ${nodeId} commits ${at} and has nothing there`);
      }
      const known = this.#committed[at];
      if (known === undefined) this.#commit(at, record, nodeId, isWitness);
      else if (!isSame(known, record, isWitness)) {
        throw new Error(
          `${at} was committed as ${show(known)}, node ${nodeId} has ${show(record)}`,
        );
      }
    }
  }

  /**
   * V3: while a leader counts a data voter as in sync, a witness has nothing of that epoch that
   * this voter's disk lacks: the loss of the leader leaves a majority that can elect.
   */
  witnessBehind(
    leaderEpoch: number,
    witness: SimLog,
    inSync: readonly { readonly nodeId: number; readonly log: SimLog }[],
  ): void {
    if (witness.lastEpoch !== leaderEpoch) return;
    for (const { nodeId, log } of inSync) {
      if (log.persistedOffset >= witness.logEndOffset) continue;
      throw new Error(
        `the witness has ${witness.logEndOffset}, node ${nodeId}, in sync, ${log.persistedOffset}`,
      );
    }
  }

  /** A record was acknowledged: it must be committed, there, and once. */
  acknowledge(payload: string, place: number): void {
    this.acknowledged++;
    if (this.#committed[place]?.payload !== payload) {
      throw new Error(
        `${payload} is acknowledged at ${place}, where ${show(this.#committed[place])} is`,
      );
    }
  }

  /** At the end, with everything healed: each log is the committed log. */
  agrees(nodeId: number, log: SimLog, isWitness: boolean): void {
    for (let at: number = log.logStartOffset; at < this.#committed.length; at++) {
      const record = this.#committed[at];
      if (isSame(record, log.at(at), isWitness)) continue;
      throw new Error(`node ${nodeId} ends with ${show(log.at(at))} at ${at}, not ${show(record)}`);
    }
  }

  #commit(at: number, record: SimRecord, nodeId: number, isWitness: boolean): void {
    if (isWitness) throw new Error(`witness ${nodeId} knows ${at} as committed before any leader`);
    if (at !== this.#committed.length) throw new Error(`node ${nodeId} commits ${at} out of order`);
    this.#committed[at] = record;
    if (record.payload === undefined) return;
    const other = this.#places.get(record.payload);
    if (other !== undefined) {
      throw new Error(`${record.payload} is committed at ${other} and ${at}`);
    }
    this.#places.set(record.payload, at);
  }
}

const isSame = (a: SimRecord | undefined, b: SimRecord | undefined, isWitness: boolean): boolean =>
  a?.leaderEpoch === b?.leaderEpoch && (isWitness || a?.payload === b?.payload);
