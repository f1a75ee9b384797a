import type { Findings } from './findings.ts';
import type { Identity } from './identity.ts';
import type { LogCopy } from './log-copy.ts';
import type { RecordPlaces } from './record-places.ts';

/**
 * Holds what a read_committed reader sees in one partition of central against the log that was
 * forwarded there: the same records in the same order, each as often as the log has it.
 */
export class CentralCheck {
  readonly #log: LogCopy;
  readonly #places: RecordPlaces;
  readonly #findings: Findings;
  /** The next record of the log that is to come. */
  #next: number;
  #count = 0;

  constructor(log: LogCopy, places: RecordPlaces, findings: Findings) {
    this.#log = log;
    this.#places = places;
    this.#findings = findings;
    this.#next = this.#recordFrom(0);
  }

  /** Records seen. */
  get count(): number {
    return this.#count;
  }

  take(identity: Identity | undefined): void {
    this.#count += 1;
    if (identity !== undefined && this.#isAt(this.#next, identity)) {
      this.#next = this.#recordFrom(this.#next + 1);
      return;
    }
    const index = identity === undefined ? -1 : this.#laterPlace(identity);
    if (identity === undefined || index === -1) {
      const what = identity === undefined ? 'a foreign record' : this.#name(identity);
      this.#findings.add('centralDoubled', () => `${what} again, or where it does not belong`);
      return;
    }
    this.#lose(index);
    this.#next = this.#recordFrom(index + 1);
  }

  /** When the reader is at central's end. */
  end(): void {
    this.#lose(this.#log.length);
  }

  /** Everything that was to come before `index` did not. */
  #lose(index: number): void {
    for (; this.#next < index; this.#next = this.#recordFrom(this.#next + 1)) {
      const lost = this.#next;
      this.#findings.add('centralLost', () => `${this.#log.describe(lost)} is not there in turn`);
    }
  }

  #isAt(index: number, { writer, sequence, attempt }: Identity): boolean {
    const held = index < this.#log.length ? this.#log.identityAt(index) : undefined;
    return (
      held !== undefined &&
      held.writer === writer &&
      held.sequence === sequence &&
      held.attempt === attempt
    );
  }

  /** Where in the log it comes later than what is next; -1: nowhere. */
  #laterPlace(identity: Identity): number {
    const first = this.#places.firstOf(identity.writer, identity.sequence);
    if (first === undefined || first.partition !== this.#log.partition) return -1;
    let left = this.#places.copiesOf(identity.writer, identity.sequence);
    for (let index = first.index; index < this.#log.length && left > 0; index++) {
      const held = this.#log.identityAt(index);
      if (held?.writer !== identity.writer || held.sequence !== identity.sequence) continue;
      left -= 1;
      if (index > this.#next && held.attempt === identity.attempt) return index;
    }
    return -1;
  }

  #recordFrom(index: number): number {
    let at = index;
    while (at < this.#log.length && this.#log.isControlAt(at)) at += 1;
    return at;
  }

  #name({ writer, sequence, attempt }: Identity): string {
    return `w${writer}.${sequence}.${attempt} in partition ${this.#log.partition}`;
  }
}
