import type { SimLog, SimRecord } from './sim-log.ts';

const show = (record: SimRecord | undefined): string =>
  record === undefined ? 'nothing' : `${record.payload ?? '-'}@${record.leaderEpoch}`;

/** Safety of one replicated log, checked after each event that could break it. */
export class GroupInvariants {
  readonly #leaders = new Map<number, number>();
  readonly #committed: SimRecord[] = [];
  readonly #places = new Map<string, number>();
  acknowledged = 0;

  get committedEnd(): number {
    return this.#committed.length;
  }

  /** One leader per leader epoch. */
  led(epoch: number, nodeId: number): void {
    const other = this.#leaders.get(epoch);
    if (other !== undefined && other !== nodeId) {
      throw new Error(`two leaders of epoch ${epoch}: ${other} and ${nodeId}`);
    }
    if (this.#leaders.has(epoch)) throw new Error(`node ${nodeId} leads epoch ${epoch} twice (C1)`);
    this.#leaders.set(epoch, nodeId);
  }

  /** A watermark rose on a node: what lies below never changes, and is the same everywhere. */
  watermark(nodeId: number, log: SimLog, from: number, to: number, isWitness: boolean): void {
    if (to < from) throw new Error(`the watermark of node ${nodeId} fell from ${from} to ${to}`);
    for (let at = from; at < to; at++) {
      const record = log.at(at);
      if (record === undefined)
        throw new Error(`node ${nodeId} commits ${at} and has nothing there`);
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

  /** At the end, with everything healed: each data log is the committed log. */
  agrees(nodeId: number, log: SimLog): void {
    this.#committed.forEach((record, at) => {
      if (!isSame(record, log.at(at), false)) {
        throw new Error(
          `node ${nodeId} ends with ${show(log.at(at))} at ${at}, not ${show(record)}`,
        );
      }
    });
  }

  #commit(at: number, record: SimRecord, nodeId: number, isWitness: boolean): void {
    if (isWitness) throw new Error(`witness ${nodeId} knows ${at} as committed before any leader`);
    this.#committed[at] = record;
    if (record.payload === undefined) return;
    const other = this.#places.get(record.payload);
    if (other !== undefined)
      throw new Error(`${record.payload} is committed at ${other} and ${at}`);
    this.#places.set(record.payload, at);
  }
}

const isSame = (a: SimRecord, b: SimRecord | undefined, isWitness: boolean): boolean =>
  a.leaderEpoch === b?.leaderEpoch && (isWitness || a.payload === b.payload);
