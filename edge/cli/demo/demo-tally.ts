/** What the demo's last line says; `central` is added there. */
export interface DemoTally {
  readonly published: number;
  readonly acked: number;
  /** Different readings in the node's log. */
  readonly inLog: number;
  /** Different readings that a read_committed reader sees at central. */
  readonly atCentral: number;
  /** Readings there more than once, counted by each repeat. */
  readonly duplicates: number;
  /** Acknowledged and not at central. */
  readonly lost: number;
}

/** Counts by payload identity what readers found. */
export class IdentityCounter {
  readonly #counts = new Map<string, number>();
  #total = 0;

  add(identity: string): void {
    this.#counts.set(identity, (this.#counts.get(identity) ?? 0) + 1);
    this.#total += 1;
  }

  has(identity: string): boolean {
    return this.#counts.has(identity);
  }

  get distinct(): number {
    return this.#counts.size;
  }

  get repeats(): number {
    return this.#total - this.#counts.size;
  }
}

/** Holds what the sensors know against what the readers saw. */
export const tallyDemo = (
  sensors: { readonly published: number; readonly acked: ReadonlySet<string> },
  inLog: IdentityCounter,
  atCentral: IdentityCounter,
): DemoTally => {
  let lost = 0;
  for (const identity of sensors.acked) {
    if (!atCentral.has(identity)) lost += 1;
  }
  return {
    published: sensors.published,
    acked: sensors.acked.size,
    inLog: inLog.distinct,
    atCentral: atCentral.distinct,
    duplicates: atCentral.repeats,
    lost,
  };
};

/** Whether the run showed what it is to show: every reading acknowledged, none lost, none twice. */
export const isGoodTally = (tally: DemoTally): boolean =>
  tally.acked > 0 && tally.acked === tally.published && tally.lost === 0 && tally.duplicates === 0;
