import { Column } from './column.ts';

/** What the front end promises to this writer; see `history-check.ts`. */
export type WriterKind = 'qos1' | 'qos2' | 'kafka';

export interface WriterOptions {
  readonly kind: WriterKind;
  /** Whether payloads name the connection that sent them; else copies of one record are alike. */
  readonly marksAttempts: boolean;
}

/** Where an answer says that a record is. MQTT's answers do not say it. */
export interface AnsweredPlace {
  readonly partition: number;
  readonly offset: number;
}

/**
 * What one writer did and was told. Times are of one monotonic clock: a send counts from before it,
 * an answer from after it, so that whatever seems to be in order may have been, and whatever seems
 * to be out of order was.
 */
export class WriterHistory {
  readonly id: number;
  readonly kind: WriterKind;
  readonly marksAttempts: boolean;
  #ackedCount = 0;
  readonly #sends = Column.ofBytes();
  readonly #firstSentMs = Column.ofDoubles();
  readonly #ackedMs = Column.ofDoubles(Infinity);
  readonly #partition = Column.ofIntegers(-1);
  readonly #offset = Column.ofDoubles(-1);
  readonly #answeredBy = Column.ofIntegers(-1);

  constructor(id: number, { kind, marksAttempts }: WriterOptions) {
    this.id = id;
    this.kind = kind;
    this.marksAttempts = marksAttempts;
  }

  /** Records begun. */
  get count(): number {
    return this.#sends.length;
  }

  get ackedCount(): number {
    return this.#ackedCount;
  }

  /** Once for each time that it goes out. */
  sent(sequence: number, atMs: number): void {
    const sends = this.#sends.at(sequence);
    if (sends === 0) this.#firstSentMs.set(sequence, atMs);
    this.#sends.set(sequence, Math.min(255, sends + 1));
  }

  /** The first answer counts. `node`: who gave it. */
  acknowledged(sequence: number, atMs: number, node: number, place?: AnsweredPlace): void {
    if (this.isAcked(sequence)) return;
    this.#ackedCount += 1;
    this.#ackedMs.set(sequence, atMs);
    this.#answeredBy.set(sequence, node);
    if (place === undefined) return;
    this.#partition.set(sequence, place.partition);
    this.#offset.set(sequence, place.offset);
  }

  sendsOf(sequence: number): number {
    return this.#sends.at(sequence);
  }

  isAcked(sequence: number): boolean {
    return this.#ackedMs.at(sequence) !== Infinity;
  }

  firstSentMs(sequence: number): number {
    return this.#firstSentMs.at(sequence);
  }

  /** Infinity: no answer. */
  ackedMs(sequence: number): number {
    return this.#ackedMs.at(sequence);
  }

  answeredBy(sequence: number): number {
    return this.#answeredBy.at(sequence);
  }

  answeredPlace(sequence: number): AnsweredPlace | undefined {
    const offset = this.#offset.at(sequence);
    return offset < 0 ? undefined : { partition: this.#partition.at(sequence), offset };
  }
}

/** All writers of a run. */
export class ClientHistory {
  readonly #writers: WriterHistory[] = [];

  writer(options: WriterOptions): WriterHistory {
    const writer = new WriterHistory(this.#writers.length, options);
    this.#writers.push(writer);
    return writer;
  }

  get writers(): readonly WriterHistory[] {
    return this.#writers;
  }

  get sentCount(): number {
    return this.#writers.reduce((sum, { count }) => sum + count, 0);
  }

  get ackedCount(): number {
    return this.#writers.reduce((sum, { ackedCount }) => sum + ackedCount, 0);
  }
}
