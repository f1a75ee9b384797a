import { utf8Decode } from '../../../../src/base/bytes.ts';
import { ClusterState } from '../../../../src/core/cluster/cluster-state.ts';
import { Decisions } from '../../../../src/core/cluster/decisions.ts';
import type { ViewChange } from '../../../../src/ports/state-view.ts';

interface Appended {
  readonly changes: readonly ViewChange[];
  readonly done: (isCommitted: boolean) => void;
}

/** `__cluster` as its leader has it: what is decided there is committed when the test says so. */
export class DecisionsWorld {
  readonly cluster: ClusterState;
  readonly decisions: Decisions;
  isLeader = true;
  /** It takes nothing any more, and leads still. */
  isRefusing = false;
  readonly #values = new Map<string, Uint8Array>();
  readonly #appended: Appended[] = [];

  constructor(cluster = new ClusterState()) {
    this.cluster = cluster;
    const log = {
      decide: (changes: readonly ViewChange[], done: Appended['done']) => {
        if (this.isRefusing) done(false);
        else this.#appended.push({ changes, done });
      },
      newest: () => {
        const newest = new Map(this.#values);
        for (const { changes } of this.#appended) keep(newest, changes);
        return newest;
      },
    };
    this.decisions = new Decisions({ cluster, log: () => (this.isLeader ? log : undefined) });
  }

  /** Keys that were decided and are not committed, by decision. */
  get underway(): string[][] {
    return this.#appended.map(({ changes }) => changes.map(({ key }) => utf8Decode(key)));
  }

  /** Committed, and applied. */
  apply(...changes: readonly ViewChange[]): void {
    keep(this.#values, changes);
    for (const { key, value } of changes) this.cluster.apply(utf8Decode(key), value);
  }

  /** The first decisions that are on their way, all of them unless it says how many. */
  commit(count = Infinity): void {
    while (count-- > 0) {
      const next = this.#appended.shift();
      if (next === undefined) return;
      this.apply(...next.changes);
      next.done(true);
    }
  }

  /** Another one leads it, and has nothing of what was on its way. */
  depose(): void {
    this.isLeader = false;
    for (const { done } of this.#appended.splice(0)) done(false);
  }
}

function keep(values: Map<string, Uint8Array>, changes: readonly ViewChange[]): void {
  for (const { key, value } of changes) {
    if (value === undefined) values.delete(utf8Decode(key));
    else values.set(utf8Decode(key), value);
  }
}
