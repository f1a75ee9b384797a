import { bytesEqual, utf8Decode } from '../../src/base/bytes.ts';
import type { Effect } from '../../src/core/effect.ts';
import type { RecordBatchHeader } from '../../src/wire/kafka/record-batch-header.ts';
import { readRecordBatchHeader } from '../../src/wire/kafka/record-batch-header.ts';
import { scanBatches } from '../../src/wire/kafka/batch-scan.ts';
import { iterateRecords } from '../../src/wire/kafka/record-iterator.ts';

/** A record that a client handed over. */
export interface SentRecord {
  readonly key: string;
  /** Idempotent or QoS 2: there may be one copy. */
  readonly isOnce: boolean;
  isAcknowledged: boolean;
}

/**
 * What the world outside was told and shown of the sensors' log: what no later start may take back.
 */
export class LedgerWorld {
  /** By value; values are unique. */
  readonly sent = new Map<string, SentRecord>();
  /** Values by offset, whoever read them and whenever. */
  readonly seen = new Map<number, string>();
  readonly #batches = new Map<number, Uint8Array>();
  readonly #epochs = new Map<string, number>();
  readonly #epochsOfStart = new Map<string, number>();
  /** Base offset of the last batch that central has (L10). */
  forwardBound = 0;
  /** All below was read by the forwarder. */
  forwardOffset = 0;

  send(value: string, key: string, isOnce: boolean): void {
    this.sent.set(value, { key, isOnce, isAcknowledged: false });
  }

  acknowledge(value: string): void {
    this.#record(value).isAcknowledged = true;
  }

  isAcknowledged(value: string): boolean {
    return this.#record(value).isAcknowledged;
  }

  get unacknowledged(): string[] {
    return [...this.sent].filter(([, { isAcknowledged }]) => !isAcknowledged).map(([v]) => v);
  }

  /** A new process: what it appends must be of a higher leader epoch than anything before (C1). */
  started(): void {
    for (const [log, epoch] of this.#epochsOfStart) this.#epochs.set(log, epoch);
    this.#epochsOfStart.clear();
  }

  appended(log: string, effect: Extract<Effect, { type: 'AppendBatch' }>): void {
    const header = readRecordBatchHeader(effect.batch);
    if (!header.ok) throw new Error('an appended batch has a header');
    const before = this.#epochs.get(log);
    if (before !== undefined && header.value.leaderEpoch <= before) {
      throw new Error(`leader epoch ${header.value.leaderEpoch} again, after ${before} (C1)`);
    }
    this.#epochsOfStart.set(log, header.value.leaderEpoch);
  }

  /**
   * Takes what a Fetch answered; returns the offset behind it. Throws if it contradicts anything
   * known.
   */
  read(bytes: Uint8Array, from: number): number {
    const { headers, fault } = scanBatches(bytes);
    if (fault !== undefined) throw new Error(`served ${fault} at ${from}`);
    let next = from;
    for (const header of headers) {
      if (header.lastOffset < next) throw new Error(`offset ${header.lastOffset} after ${next}`);
      this.#readBatch(bytes, header);
      next = header.lastOffset + 1;
    }
    return next;
  }

  /** Every acknowledged record is in `present`, or was forwarded and lies below the log start. */
  check(present: ReadonlyMap<number, string>, logStartOffset: number): void {
    if (logStartOffset > this.forwardBound) {
      throw new Error(`log start ${logStartOffset} past ${this.forwardBound} (L10)`);
    }
    const offsets = new Map<string, number[]>();
    for (const [at, value] of [...this.seen, ...present]) {
      const known = offsets.get(value) ?? [];
      if (!known.includes(at)) offsets.set(value, [...known, at]);
    }
    for (const [at, value] of this.seen) {
      if (at >= logStartOffset && present.get(at) !== value)
        throw new Error(`gone: ${at} ${value}`);
    }
    for (const [value, { isOnce, isAcknowledged }] of this.sent) {
      const count = offsets.get(value)?.length ?? 0;
      if (isAcknowledged && count === 0) throw new Error(`lost: ${value}`);
      if (isOnce && count > 1) throw new Error(`twice: ${value} at ${offsets.get(value)?.join()}`);
    }
  }

  #readBatch(bytes: Uint8Array, header: RecordBatchHeader): void {
    const batch = bytes.slice(header.position, header.position + header.totalBytes);
    const known = this.#batches.get(header.baseOffset);
    if (known !== undefined && !bytesEqual(known, batch)) {
      throw new Error(`batch ${header.baseOffset} changed`);
    }
    this.#batches.set(header.baseOffset, batch);
    const records = iterateRecords(bytes, header);
    if (!records.ok) throw new Error(`batch ${header.baseOffset}: ${records.error}`);
    if (header.isControl) return;
    while (records.value.next()) {
      const { offset } = records.value;
      const value = utf8Decode(records.value.value() ?? new Uint8Array(0));
      const key = utf8Decode(records.value.key() ?? new Uint8Array(0));
      if (this.sent.get(value)?.key !== key) throw new Error(`made up: ${offset} ${value}`);
      if ((this.seen.get(offset) ?? value) !== value) throw new Error(`changed: ${offset}`);
      this.seen.set(offset, value);
    }
  }

  #record(value: string): SentRecord {
    const record = this.sent.get(value);
    if (record === undefined) throw new Error(`never sent: ${value}`);
    return record;
  }
}
