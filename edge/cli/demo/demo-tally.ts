import type { SentReading } from './sensors.ts';

/** What the demo's last line says; `central` is added there. */
export interface DemoTally {
  readonly published: number;
  readonly acked: number;
  /** Different readings in the node's log. */
  readonly inLog: number;
  /** Different readings that a read_committed reader sees at central. */
  readonly atCentral: number;
  /** Copies there that no sensor sent: each sending may be there once. */
  readonly duplicates: number;
  /** Copies that QoS 1 allows: the sensor got no PUBACK and sent the reading again. */
  readonly resent: number;
  /** Acknowledged and not at central. */
  readonly lost: number;
}

/** Counts by payload identity what readers found. */
export class IdentityCounter {
  readonly #identities = new Set<string>();
  readonly #sendings = new Set<string>();
  #total = 0;

  add({ identity, sending }: SentReading): void {
    this.#identities.add(identity);
    this.#sendings.add(`${identity} ${sending}`);
    this.#total += 1;
  }

  has(identity: string): boolean {
    return this.#identities.has(identity);
  }

  get distinct(): number {
    return this.#identities.size;
  }

  /** Copies of one sending beyond the first. */
  get repeats(): number {
    return this.#total - this.#sendings.size;
  }

  /** Sendings of one reading beyond the first that is there. */
  get resent(): number {
    return this.#sendings.size - this.#identities.size;
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
    resent: atCentral.resent,
    lost,
  };
};

/** Whether the run showed what it is to show: every reading acknowledged, none lost, none twice. */
export const isGoodTally = (tally: DemoTally): boolean =>
  tally.acked > 0 && tally.acked === tally.published && tally.lost === 0 && tally.duplicates === 0;
