import { Violation, type CommittedRecord } from './committed-logs.ts';

/** What may become of a reading in the log. */
export type Guarantee = 'atMostOnce' | 'atLeastOnce' | 'exactlyOnce';

interface Reading {
  readonly guarantee: Guarantee;
  readonly key: string;
  /** Readings of one stream keep their order: the first copy of each. */
  readonly stream: string;
  readonly number: number;
  isAcknowledged: boolean;
  copies: number;
  readonly places: string[];
}

/**
 * Every reading that clients sent, and where the log has it. Checked as it happens: acknowledged is
 * committed, once is once, and first copies come in the order in which their client sent them.
 */
export class ReadingLedger {
  readonly #readings = new Map<string, Reading>();
  readonly #newest = new Map<string, number>();
  readonly #loose = new Set<string>();
  acknowledged = { atMostOnce: 0, atLeastOnce: 0, exactlyOnce: 0 };
  repeated = 0;
  repeatedAtQos0 = 0;

  /** Values are unique. Numbers rise within a stream. */
  sent(value: string, reading: Pick<Reading, 'guarantee' | 'key' | 'stream' | 'number'>): void {
    this.#readings.set(value, { ...reading, isAcknowledged: false, copies: 0, places: [] });
  }

  /** What of that stream is committed from here on may come in any order. */
  loosen(stream: string): void {
    this.#loose.add(stream);
  }

  committed({ key, value, topic, partition, offset, producer }: CommittedRecord): void {
    const place = `${topic}-${partition}@${offset} of ${producer}`;
    const reading = this.#readings.get(value);
    if (reading?.key !== key) throw new Violation(`${place}: nobody sent ${value} for ${key}`);
    reading.copies++;
    reading.places.push(place);
    if (reading.copies > 1) {
      // At QoS 0, too: its batch was sent again under another producer id, and a late copy arrived.
      if (reading.guarantee === 'exactlyOnce') {
        throw new Violation(
          `${value} (${reading.guarantee}) is at ${reading.places.join(' and ')}`,
        );
      }
      if (reading.guarantee === 'atMostOnce') this.repeatedAtQos0++;
      else this.repeated++;
      return;
    }
    if (this.#loose.has(reading.stream)) return;
    const newest = this.#newest.get(reading.stream) ?? -1;
    if (reading.number < newest) {
      throw new Violation(`${place}: ${value} of ${reading.stream} comes after ${newest}`);
    }
    this.#newest.set(reading.stream, reading.number);
  }

  acknowledge(value: string): void {
    const reading = this.#readings.get(value);
    if (reading === undefined) throw new Error(`nobody sent ${value}`);
    if (reading.copies === 0) throw new Violation(`${value} is acknowledged and not committed`);
    if (reading.isAcknowledged) return;
    reading.isAcknowledged = true;
    this.acknowledged[reading.guarantee]++;
  }

  get unacknowledged(): string[] {
    return [...this.#readings]
      .filter(([, { guarantee, isAcknowledged }]) => guarantee !== 'atMostOnce' && !isAcknowledged)
      .map(([value]) => value);
  }
}
