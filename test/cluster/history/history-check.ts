import { CentralCheck } from './central-check.ts';
import type { ClientHistory, WriterHistory } from './client-history.ts';
import { checkCopy } from './copy-check.ts';
import { Findings } from './findings.ts';
import type { FaultKind } from './findings.ts';
import { LogCopy } from './log-copy.ts';
import type { LogEntry } from './log-copy.ts';
import { OrderCheck } from './order-check.ts';
import { ReaderHistory } from './reader-history.ts';
import { RecordPlaces } from './record-places.ts';

/** What a run came to. */
export interface HistoryVerdict {
  /** By kind; empty is what it has to be. */
  readonly faults: Partial<Record<FaultKind, number>>;
  /** The first of each kind, for people. */
  readonly lines: readonly string[];
  readonly sent: number;
  readonly acked: number;
  /** Records of writers in the log, copies too. */
  readonly inLog: number;
  /** Of them, further copies that QoS 1 allows. */
  readonly copies: number;
  readonly read: number;
}

/**
 * Holds what clients did and were told against what the nodes have in the end. It takes plain data,
 * piece by piece: first everything that happened, then each node's log, then `finish`.
 */
export class HistoryCheck {
  readonly findings = new Findings();
  readonly #history: ClientHistory;
  readonly #readers: ReaderHistory[] = [];
  /** By partition: the copy of the node that was told first. */
  readonly #reference = new Map<number, LogCopy>();
  readonly #places = new RecordPlaces();
  #current: LogCopy | undefined;

  constructor(history: ClientHistory) {
    this.#history = history;
  }

  /** `isComplete`: it will have read everything. */
  reader(name: string, isComplete = false): ReaderHistory {
    const reader = new ReaderHistory(name, isComplete, this.findings);
    this.#readers.push(reader);
    return reader;
  }

  /** Begins a node's copy of a partition; its entries follow by `entry`, up to `endLog`. */
  beginLog(node: number, partition: number): void {
    this.#current = new LogCopy(node, partition);
  }

  entry(entry: LogEntry): void {
    const log = this.#open();
    if (log.append(entry)) return;
    const at = log.length - 1;
    this.findings.add('diverging', () => `node ${log.node}: ${log.describe(at)} after a later one`);
  }

  endLog(): void {
    const log = this.#open();
    this.#current = undefined;
    const reference = this.#reference.get(log.partition);
    if (reference !== undefined) checkCopy(reference, log, this.findings);
    else this.#takeReference(log);
  }

  /** What central holds of a partition; only after that partition's log was told. */
  central(partition: number): CentralCheck {
    const log = this.#reference.get(partition);
    if (log === undefined) throw new Error(`no log of partition ${partition} was told`);
    return new CentralCheck(log, this.#places, this.findings);
  }

  /** After the last log. */
  finish(): HistoryVerdict {
    for (const writer of this.#history.writers) this.#checkAnswers(writer);
    for (const reader of this.#readers) reader.checkAgainst(this.#reference);
    const { inLog, copies } = this.#countLog();
    return {
      faults: this.findings.counts,
      lines: this.findings.lines,
      sent: this.#history.sentCount,
      acked: this.#history.ackedCount,
      inLog,
      copies,
      read: this.#readers.reduce((sum, { count }) => sum + count, 0),
    };
  }

  #open(): LogCopy {
    if (this.#current === undefined) throw new Error('beginLog comes first');
    return this.#current;
  }

  #takeReference(log: LogCopy): void {
    this.#reference.set(log.partition, log);
    const { findings } = this;
    new OrderCheck(log, { history: this.#history, places: this.#places, findings }).run();
  }

  #checkAnswers(writer: WriterHistory): void {
    for (let sequence = 0; sequence < writer.count; sequence++) {
      if (!writer.isAcked(sequence)) continue;
      const first = this.#places.firstOf(writer.id, sequence);
      const place = writer.answeredPlace(sequence);
      const by = writer.answeredBy(sequence);
      if (first === undefined) {
        this.findings.add('lost', () => `w${writer.id}.${sequence}, acknowledged by node ${by}`);
      }
      if (place === undefined) continue;
      const log = this.#reference.get(place.partition);
      const index = log?.indexOf(place.offset) ?? -1;
      const held = index === -1 ? undefined : log?.identityAt(index);
      if (held?.writer === writer.id && held.sequence === sequence) continue;
      if (first === undefined && index === -1) continue;
      const there = index === -1 ? 'nothing' : (log?.describe(index) ?? 'nothing');
      this.findings.add(
        'staleAck',
        () =>
          `node ${by} said that w${writer.id}.${sequence} is at ${place.partition}:${place.offset}` +
          `, where the log has ${there}`,
      );
    }
  }

  #countLog(): { readonly inLog: number; readonly copies: number } {
    let [inLog, copies] = [0, 0];
    for (const { id, count } of this.#history.writers) {
      for (let sequence = 0; sequence < count; sequence++) {
        const found = this.#places.copiesOf(id, sequence);
        inLog += found;
        if (found > 1) copies += found - 1;
      }
    }
    return { inLog, copies };
  }
}
