import type { ClientHistory, WriterHistory } from './client-history.ts';
import type { Findings } from './findings.ts';
import type { Identity } from './identity.ts';
import type { LogCopy } from './log-copy.ts';
import type { RecordPlaces } from './record-places.ts';

const attemptsMax = 2 ** 20;

/**
 * Walks one partition's log from its beginning: what is doubled, out of order, foreign, or before
 * what was acknowledged before it was sent.
 */
export class OrderCheck {
  readonly #log: LogCopy;
  readonly #history: ClientHistory;
  readonly #places: RecordPlaces;
  readonly #findings: Findings;
  /** By writer: sequence of its newest first copy. */
  readonly #newest = new Map<number, number>();
  /** By writer and connection. */
  readonly #newestOfAttempt = new Map<number, number>();
  /** The latest sending among the first copies so far, and where that copy is. */
  #latestSentMs = -Infinity;
  #latestIndex = -1;

  constructor(
    log: LogCopy,
    parts: {
      readonly history: ClientHistory;
      readonly places: RecordPlaces;
      readonly findings: Findings;
    },
  ) {
    this.#log = log;
    this.#history = parts.history;
    this.#places = parts.places;
    this.#findings = parts.findings;
  }

  run(): void {
    for (let index = 0; index < this.#log.length; index++) {
      if (this.#log.isControlAt(index)) continue;
      const identity = this.#log.identityAt(index);
      const writer = identity && this.#history.writers[identity.writer];
      if (identity === undefined || writer === undefined || writer.sendsOf(identity.sequence) === 0)
        this.#findings.add('foreign', () => this.#log.describe(index));
      else this.#take(index, identity, writer);
    }
  }

  #take(index: number, identity: Identity, writer: WriterHistory): void {
    const { partition } = this.#log;
    const { copies, isRepeat } = this.#places.note(identity, { partition, index });
    if (copies > 1 && isDoubled(writer, identity, { copies, isRepeat })) {
      this.#findings.add('doubled', () => `${this.#log.describe(index)} is copy ${copies}`);
      return;
    }
    if (writer.marksAttempts) this.#checkConnection(index, identity);
    if (copies === 1) this.#checkFirst(index, identity, writer);
  }

  #checkConnection(index: number, { writer, sequence, attempt }: Identity): void {
    const key = writer * attemptsMax + attempt;
    const newest = this.#newestOfAttempt.get(key) ?? -1;
    if (sequence < newest) {
      this.#findings.add(
        'reordered',
        () => `${this.#log.describe(index)} is behind sequence ${newest} of its connection`,
      );
    } else this.#newestOfAttempt.set(key, sequence);
  }

  #checkFirst(index: number, { sequence }: Identity, writer: WriterHistory): void {
    const newest = this.#newest.get(writer.id) ?? -1;
    if (sequence < newest) {
      this.#findings.add(
        'reordered',
        () => `${this.#log.describe(index)} is first seen behind sequence ${newest}`,
      );
    } else this.#newest.set(writer.id, sequence);
    const ackedMs = writer.ackedMs(sequence);
    if (ackedMs < this.#latestSentMs) {
      this.#findings.add(
        'staleAck',
        () =>
          `${this.#log.describe(index)} was acknowledged by node ${writer.answeredBy(sequence)} ` +
          `before ${this.#log.describe(this.#latestIndex)} was sent`,
      );
    }
    const sentMs = writer.firstSentMs(sequence);
    if (sentMs <= this.#latestSentMs) return;
    this.#latestSentMs = sentMs;
    this.#latestIndex = index;
  }
}

/**
 * QoS 1 allows a copy for each time that the client sent it, one for each connection; QoS 2 and an
 * idempotent producer allow one.
 */
const isDoubled = (
  writer: WriterHistory,
  { sequence }: Identity,
  { copies, isRepeat }: { readonly copies: number; readonly isRepeat: boolean },
): boolean =>
  writer.kind !== 'qos1' || copies > writer.sendsOf(sequence) || (writer.marksAttempts && isRepeat);
